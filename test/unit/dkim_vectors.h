/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message of ours signed by python3-dkim, every canonicalisation with both
 * algorithms. The Ed25519 key is that of RFC 8463 A.2.
 */
#ifndef TEST_UNIT_DKIM_VECTORS_H
#define TEST_UNIT_DKIM_VECTORS_H

#define DKIM_VECTORS_ED	"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define DKIM_VECTORS_RSA \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC8V+avJ90v7IfdiRu13Nxqs6no" \
	"DmLMH15pCgZje6g6uLinUCta8Q05wgWLInGeasvKTMINkNgHwfWi+ldV7lQSiqru" \
	"INjYOPHnSDh+LYk+F9HIsWRfwEk44m1uFUqvOt+x/450Mum2hXbasv8+RNYx97o0" \
	"T+iLlDaumrHCrH9HhwIDAQAB"
#define DKIM_VECTORS_ZONE \
	"$ORIGIN _domainkey.example.com.\n" \
	"ed IN TXT \"v=DKIM1; k=ed25519; p=" DKIM_VECTORS_ED "\"\n" \
	"rsa IN TXT \"v=DKIM1; k=rsa; p=" DKIM_VECTORS_RSA "\"\n"

#define DKIM_VECTORS_MSG \
	"From: \"Kim\" <kim@example.com>\r\n" \
	"To: A  B <a@example.net>,\r\n\t C <c@example.net>\r\n" \
	"SUBJECT: one\r\n  two \t three  \r\n" \
	"X-Empty:\r\n" \
	"Date:Tue, 14 Nov 2023 22:13:20 +0000\r\n" \
	"\r\n" \
	" a  b\t \r\n\r\n\r\nc\td  \r\n \t\r\n\r\n"

static const struct {
	const char	*name;
	const char	*field;
} dkim_vectors[] = {
	{ "ed simple/simple",
	    "DKIM-Signature: v=1; a=ed25519-sha256; c=simple/simple; "
	    "d=example.com;\r\n"
	    " i=@example.com; q=dns/txt; s=ed; t=1700000000; h=from : to : "
	    "subject :\r\n"
	    " x-empty : date : from : missing;\r\n"
	    " bh=jwZllCE585e2/KGKrHTVdblbbp4if86kjiXpdYZYdd8=;\r\n"
	    " b=9m5C8bzJfyvmBoEtjLvz/lLRNbkk7Km11ZjY1i+53VarSd2vfF/27U9hBXXwGPI"
	    "KOaFkX\r\n"
	    " R/rdxPJuzsDzClsBA==\r\n" },
	{ "ed simple/relaxed",
	    "DKIM-Signature: v=1; a=ed25519-sha256; c=simple/relaxed; "
	    "d=example.com;\r\n"
	    " i=@example.com; q=dns/txt; s=ed; t=1700000000; h=from : to : "
	    "subject :\r\n"
	    " x-empty : date : from : missing;\r\n"
	    " bh=u1FuiLSyWkrurxz8BSizyni4BLwG+DLxQJ2zeNJCQqg=;\r\n"
	    " b=4h7mDs8YgKpN1VW4NH1OjZDMKONCwsTvkcjVT9pwy+gHZukuJyZmydbrLsWivb4"
	    "fLEptD\r\n"
	    " yWW26LQ2UhDYj9GAw==\r\n" },
	{ "ed relaxed/simple",
	    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple; "
	    "d=example.com;\r\n"
	    " i=@example.com; q=dns/txt; s=ed; t=1700000000; h=from : to : "
	    "subject :\r\n"
	    " x-empty : date : from : missing;\r\n"
	    " bh=jwZllCE585e2/KGKrHTVdblbbp4if86kjiXpdYZYdd8=;\r\n"
	    " b=IU1lFZU3Gv3kks1nNs3yjHyJ9Sv1nE17QOuiyNKZQVvdlfh1FZxiMqFG2qQKPre"
	    "0pWLew\r\n"
	    " f+7N0riAILeqpszCw==\r\n" },
	{ "ed relaxed/relaxed",
	    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; "
	    "d=example.com;\r\n"
	    " i=@example.com; q=dns/txt; s=ed; t=1700000000; h=from : to : "
	    "subject :\r\n"
	    " x-empty : date : from : missing;\r\n"
	    " bh=u1FuiLSyWkrurxz8BSizyni4BLwG+DLxQJ2zeNJCQqg=;\r\n"
	    " b=99SdG1vRxk0jweStRozh1Rb1SVCN2Vnuo8laZzWx3e+ffrL3Cb4YQGxFbJ5PCsK"
	    "oMFbOK\r\n"
	    " jCt5e7QnXh4WntFCA==\r\n" },
	{ "rsa simple/simple",
	    "DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; "
	    "d=example.com;\r\n"
	    " i=@example.com; q=dns/txt; s=rsa; t=1700000000; h=from : to : "
	    "subject\r\n"
	    " : x-empty : date : from : missing;\r\n"
	    " bh=jwZllCE585e2/KGKrHTVdblbbp4if86kjiXpdYZYdd8=;\r\n"
	    " b=jWp8WuebdqpA26Hn/rhMAqRYJ8pOGF5UEQWvfy7vlRw3lDpXJnw8HTGIdUcVPex"
	    "9vDKep\r\n"
	    " MFJBZr5VhCv30HE3ZHElosxNVGtbSk5N+S7ddMmGqBvvtvUpfB1F845siJK1Yyi3Q"
	    "o1Mibs\r\n"
	    " uPynjTbLHgcmb0SKkvrIu1Iv0jk76uE=\r\n" },
	{ "rsa simple/relaxed",
	    "DKIM-Signature: v=1; a=rsa-sha256; c=simple/relaxed; "
	    "d=example.com;\r\n"
	    " i=@example.com; q=dns/txt; s=rsa; t=1700000000; h=from : to : "
	    "subject\r\n"
	    " : x-empty : date : from : missing;\r\n"
	    " bh=u1FuiLSyWkrurxz8BSizyni4BLwG+DLxQJ2zeNJCQqg=;\r\n"
	    " b=ZxAKV/x9zCUk1aNsu/egVLO8QyWhSKiEhA/Y0CbbvaSiKojbhvyCFcs1Fodv7i7"
	    "nXb2t3\r\n"
	    " CD8dz8omFTT93PpnVNJSKHfhGJwV1SFRyRMuqnLajiUpk+HrdOjZTBFVAtQM//0LU"
	    "PrF086\r\n"
	    " 0F040oLDWyzKDuIz5q/6O11Pyofo5H0=\r\n" },
	{ "rsa relaxed/simple",
	    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; "
	    "d=example.com;\r\n"
	    " i=@example.com; q=dns/txt; s=rsa; t=1700000000; h=from : to : "
	    "subject\r\n"
	    " : x-empty : date : from : missing;\r\n"
	    " bh=jwZllCE585e2/KGKrHTVdblbbp4if86kjiXpdYZYdd8=;\r\n"
	    " b=O4ftZnu4N/1prLkWDpm4CKW+ntqKbwa7ao/7z2AUXSxYIcvQhF1GBlpdVzKRJ7t"
	    "TSvydk\r\n"
	    " wgYgV/p2gIOcHysyhUhfTgdKaKh7+dJLpc3n6jmA7iiLH8YRzQ5ym0HJ8OMKx90/1"
	    "3AtMa4\r\n"
	    " j+T7WPkcZEE1zSQv7sw1Li3FEg6j0YQ=\r\n" },
	{ "rsa relaxed/relaxed",
	    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; "
	    "d=example.com;\r\n"
	    " i=@example.com; q=dns/txt; s=rsa; t=1700000000; h=from : to : "
	    "subject\r\n"
	    " : x-empty : date : from : missing;\r\n"
	    " bh=u1FuiLSyWkrurxz8BSizyni4BLwG+DLxQJ2zeNJCQqg=;\r\n"
	    " b=j1esOmdiFEUNmProkIUT9b+mdJdKuSkm4Zvr9OIKYxmghHvgSHJGtQD2+vi59eT"
	    "XmQ2WI\r\n"
	    " Zbbz+keWoOV4OcbFvS/M68KB7Qy0A+aumy3jbHHdwRFH1Y0rc1yxmd+V44PPPc1+j"
	    "78PPWO\r\n"
	    " I4uiaDjKQoK1l/KGtgiLIXcj+HMmQtM=\r\n" },
};
#define DKIM_VECTORS	(sizeof(dkim_vectors) / sizeof(dkim_vectors[0]))

#endif
