/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signatures over the SHA-256 hash of "mailseal", made with the openssl
 * command; the Ed25519 key is that of RFC 8032 7.1 test 1, which RFC 8463 uses.
 */
#ifndef TEST_UNIT_CRYPTO_VECTORS_H
#define TEST_UNIT_CRYPTO_VECTORS_H

#include "crypto/crypto.h"

#define ED25519_PEM \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" \
	"-----END PRIVATE KEY-----\n"
#define ED25519_PUBLIC	"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define ED25519_SIG \
	"5DC5pTy3NYimz6bj5IKWL7U6iBrzKXTKQuPOizUlhltBTwBofuR1HY9iRtv+tL+s" \
	"FgrgNqZ6eO0mxmF7pNLbAw=="

#define RSA_PEM \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCszYjgQwWzKqqo\n" \
	"+33+/OZgfQf2Yj+iNdZJiYbvFZB+I6UqXTY+citXddXl8NQNtUu5QNRVYtc//2EK\n" \
	"ZW/x7yulCcjdEL/Z63Hs1mBl0+8ae7HtdC/UV9FOrUSseq1ySxSDX+H3Pv4w+iuM\n" \
	"8jpa5w+IUl0SXZrGtHDcw1BJe6K7MeIbqLsPbPqBQAZFtz3mIOjbBdtyBYBub6LO\n" \
	"qjc2KpBhKbbZdCfGLsbWkkNq6chg/IkBKo35dkpzriBfK03gLbTXwphYn5SeFdQu\n" \
	"fUbXSw/xbk23S1zpfC4TM82vrNgBzfrOqUfOKDs0gco9lU5vomdB1vAJW+EvMNey\n" \
	"/jhGD8zLAgMBAAECggEAQuUcUEjR246wW1NkbsJDguXUH8bgAHEcAALL6CEuew5c\n" \
	"gZ5tAdabvbNhty64QIhHBLO6n0Vws5cu32HuaLegazby+dVil7+ELl29Gp5lSRjK\n" \
	"g/R/EZJfdjgwRh8FpyG2krcbGGZb6+Tk2B7rhUY+ppTP7+ypnrO6n1PC8Hd6w0FD\n" \
	"wNF7vByNI3Db+ZO/lHP6GDNGTXDnUplv73qtSJMWMalnM2+7hqEgtmzYzoxxYnnf\n" \
	"zrXZC7bHW7D36hap4zhqajaLmsKuDshDHqoblBQNrfSK3+5iavm9XPhoiOYxyr86\n" \
	"8v4zNJGMpzCMThM9r59Rw00YFPMBaDjTFkalJTIXdQKBgQDuD3xiA/NlRu8iuC7K\n" \
	"WAu4mCzywU3xvQtBjhGcEFlM0cjliifqbiBpFsDmEpseceau48btKmxQFh4c2Wn+\n" \
	"6yyg/05e0X/wXj9lu1K6GMXEfVSQ+0HL9KazqFXu0TbIc1+5kTeqQuLhzjgdy6HY\n" \
	"yRfYSCwbmQUidvMBNBRpJ3qd7QKBgQC50yO65BvyK80FxnnssalBZJdTc0JNuG7A\n" \
	"pfviKCO5uM24ZJq/su8tngTsrlS6lYEzmJy/ZwNeNfwGqPhTr4NhGhFPThRRH+IJ\n" \
	"VYiFEEHSgQ860Kje8muyTSR6gEomc8Q0EdiykeCoyfRLEils/ouNtnYT/j7Boi+/\n" \
	"nA1eXsp+lwKBgGdGQpCG5D1Ic4+dVXckkRkosz8wyu6XM13iExOgKA1iaQPjVoOl\n" \
	"+Nt+KnrlEXQ4t3mhiPf0Un6/yZp8WzZisb66YzZRLm6JhHlOtYnUG1+te1VWGuov\n" \
	"HW6NFZKAIoL9QkbPj9WGJMUO4FtUrsbMHlMOpEvoq0iTT8Jy5HPl05TVAoGBAIx4\n" \
	"5fuz0MRjBBunjCe3reE3L4XwDWE/WMndL+ooucj9wNXxh2H+2/u6BrL8niRmPENK\n" \
	"zMOMFem0GY7XUNHCTiirUgaHWahx16eCty8PuRJuaZrmfaH71Bn3YuoP7P3gaaOL\n" \
	"Eir7R7+Q21GcqyAv1EMOeXhnq/0oo7vPNfPu6FiFAoGBAI2jTDsduQEgS0Wq535U\n" \
	"L2JqJv5TAUnfq/ijPCcKZY1HCohXEWlU9mhxTKz87GGLUspXvS/AdSVg3BJ7qSxI\n" \
	"l1rCB4ewJtFH8pb72iFCoogrfSRy0XyTvjIU0FTy8NkCIDNl3gIEZ28glqa/sgw3\n" \
	"V9rSJgrIHL5dFq5rKYINuugQ\n" \
	"-----END PRIVATE KEY-----\n"
#define RSA_PUBLIC \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArM2I4EMFsyqqqPt9/vzm" \
	"YH0H9mI/ojXWSYmG7xWQfiOlKl02PnIrV3XV5fDUDbVLuUDUVWLXP/9hCmVv8e8r" \
	"pQnI3RC/2etx7NZgZdPvGnux7XQv1FfRTq1ErHqtcksUg1/h9z7+MPorjPI6WucP" \
	"iFJdEl2axrRw3MNQSXuiuzHiG6i7D2z6gUAGRbc95iDo2wXbcgWAbm+izqo3NiqQ" \
	"YSm22XQnxi7G1pJDaunIYPyJASqN+XZKc64gXytN4C2018KYWJ+UnhXULn1G10sP" \
	"8W5Nt0tc6XwuEzPNr6zYAc36zqlHzig7NIHKPZVOb6JnQdbwCVvhLzDXsv44Rg/M" \
	"ywIDAQAB"
#define RSA_SIG \
	"ciSSluLkZbCWnLj04jeVHU9aA5uS1Q1ZqCv0rRqhBGTVZDoyOwpi1Ulp/LvVjtvC" \
	"eh1KncOD11IKUmrSjYijtOZlnoRRi/NuEw7bX6t4Tzki6mz+RHxNDkUzgsAd3795" \
	"PUIIO/N24PXtao6K6ySvHsEgVWPgjHA4mcgqc9ee3ES0efPxYqIHDDSpnMALko40" \
	"LRPNN9fJi6VDPiGujzmInuuciXMBrrEh2HPqtvUxFD0m+Xf32yhh/Z4NBv8gLykj" \
	"k2jW0kRotZtkj4LTCexpUvPMBH0Y6UVRWhyqKe8mOsG1vlJewAqTq+cNcIi95gLy" \
	"Ff72dNC46KZAI/9KoYZErQ=="
#define MAILSEAL_HASH	"E2W7HtUxNYBRHd118Z77GxiioWVBFSR3lAIL+M2unvg="

static const struct crypto_vector {
	enum crypto_key_type	 type;
	unsigned		 bits;
	const char		*name;
	const char		*key;	/* base64 */
	const char		*sig;	/* base64 */
} crypto_vectors[] = {
	{ CRYPTO_ED25519, 256, "ed25519", ED25519_PUBLIC, ED25519_SIG },
	{ CRYPTO_RSA, 1024, "rsa 1024, SubjectPublicKeyInfo",
	    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC8V+avJ90v7IfdiRu13Nxqs6no"
	    "DmLMH15pCgZje6g6uLinUCta8Q05wgWLInGeasvKTMINkNgHwfWi+ldV7lQSiqru"
	    "INjYOPHnSDh+LYk+F9HIsWRfwEk44m1uFUqvOt+x/450Mum2hXbasv8+RNYx97o0"
	    "T+iLlDaumrHCrH9HhwIDAQAB",
	    "Vw9zyT47YxmFhkj/LKRM96xnHx80ubKHb5OKh53MWF4hTwSS1xYCM40x4Syio7j5"
	    "YsCYWHvdlUJhSZKfnroCh/jgnyxoFb/3ToRgm1YK1gUMLwNrvaWxBHIkZwen6CFs"
	    "Z5w/85aiAYcIhrp1UUf4D+u7VbTsnP0HJHi5UfYhFRM=" },
	{ CRYPTO_RSA, 2048, "rsa 2048, SubjectPublicKeyInfo",
	    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnkCwnelz9z/WKystrq0C"
	    "I0jdhjBt9tSTLr86PBzwN4Dp5h8ILGJyKPPWgrOY6UTs65DOwTIHsefrpYVmt5JJ"
	    "xn2TmQqsYi+76Mfepe/SUG59/UVjjXdVPv+9yt4RcTF7Wa4mrDeOU0GZGX0DHQDP"
	    "wDaxFQbLwPu0bvU07+xVN9zTSuVopvSzkUm5idaZxQcUG4ckmw71+vvarySfBzuG"
	    "yffb8SRET9+J6yxleAnWEsvZubulhm5FZj26KiGOpZZxX0fjxgVwnxA4WtTHwd84"
	    "2LBxUvlyI+YwrViHEMzBZ24h4tD6L18cx3id4RUjRA4VcAHiMzAoHuTrU9ka5GF2"
	    "QQIDAQAB",
	    "ej0Fq5NRFs3CmYBZae3Bmd5Iwixw5agR9KxcT0o/SVD/ETsEwHo3eN6JYVi/dKAR"
	    "c3o3XMgiozuEcPlbhukJpN3ZSA7fJhMOqaNMkXIAE+c/yhH8XCe3w1lDGc3vAttC"
	    "tvl35vebb1Ufwhfkm6rPMplqeTRiIIgcEytg9GU8Iwv3TUMswDh2ZyLVqx+NiMKL"
	    "CUqr1FYXREmR4tDu6B2H2fFwW8dpjFsC7XlvnDuWr8b4LEORYyis5Pkvm+9sK/Ml"
	    "vfHanvnHpCehAc2r0xvhsWxn/n8TP8Cyyw7CSBveDASrttT/PPWx4A59b9D+MLZB"
	    "R5HP7w3xFiIn1cPbrhVcBQ==" },
	{ CRYPTO_RSA, 2048, "rsa 2048, RSAPublicKey",
	    "MIIBCgKCAQEAnkCwnelz9z/WKystrq0CI0jdhjBt9tSTLr86PBzwN4Dp5h8ILGJy"
	    "KPPWgrOY6UTs65DOwTIHsefrpYVmt5JJxn2TmQqsYi+76Mfepe/SUG59/UVjjXdV"
	    "Pv+9yt4RcTF7Wa4mrDeOU0GZGX0DHQDPwDaxFQbLwPu0bvU07+xVN9zTSuVopvSz"
	    "kUm5idaZxQcUG4ckmw71+vvarySfBzuGyffb8SRET9+J6yxleAnWEsvZubulhm5F"
	    "Zj26KiGOpZZxX0fjxgVwnxA4WtTHwd842LBxUvlyI+YwrViHEMzBZ24h4tD6L18c"
	    "x3id4RUjRA4VcAHiMzAoHuTrU9ka5GF2QQIDAQAB",
	    "ej0Fq5NRFs3CmYBZae3Bmd5Iwixw5agR9KxcT0o/SVD/ETsEwHo3eN6JYVi/dKAR"
	    "c3o3XMgiozuEcPlbhukJpN3ZSA7fJhMOqaNMkXIAE+c/yhH8XCe3w1lDGc3vAttC"
	    "tvl35vebb1Ufwhfkm6rPMplqeTRiIIgcEytg9GU8Iwv3TUMswDh2ZyLVqx+NiMKL"
	    "CUqr1FYXREmR4tDu6B2H2fFwW8dpjFsC7XlvnDuWr8b4LEORYyis5Pkvm+9sK/Ml"
	    "vfHanvnHpCehAc2r0xvhsWxn/n8TP8Cyyw7CSBveDASrttT/PPWx4A59b9D+MLZB"
	    "R5HP7w3xFiIn1cPbrhVcBQ==" },
	{ CRYPTO_RSA, 8192, "rsa 8192",
	    "MIIEIjANBgkqhkiG9w0BAQEFAAOCBA8AMIIECgKCBAEApzToJL5PV9MOzAD30xOn"
	    "s1eiP857+Xr6HE6lKjWYcnYYMqVcjeC6ZiPeeVUAicmL9ZdO97Us0zVTokLbR+Oh"
	    "amMXOReQPIYYz9tRyWfsOSE3eaeNJvOYjUuE8YGhj6OoGjaM2v4nIi4wfmZtSvi0"
	    "r3e0MQpxVxyXgkw8nju97pDi2qvAbcd8tGi1u82pQIVGQ4AOECEcpEGKHxV8UIlP"
	    "2Ot+GLc2cWN5Y9GpRKGqpRhUDeIFabXndf8acjjNGA8GRQhQUUmsmVIIADfw43xT"
	    "kNaDTMXhXrXP5FZ62RMjgmB1k1cKDNYhao+RACBi6A+wW98GFQRF3PetdBkisxCb"
	    "5ZfNjE0/1ja7NVd9elmtK7mNjMInu0nwHIMl0fpeyQ8RR2Wz7QRJA26hvK45yZBd"
	    "FoJtP5PeR2qcuM9+6LNn0deh98ODXiTJ1BrdmSBO8A+8l9SIc/u5OhVa0rg9EPnI"
	    "NogcO0qaUT4QUl00WmHCOLeESOhf3thHraP8CrdFkYu7lOMmNr6BSgIonxm3Sch+"
	    "RdoKqqi9NOInAU38kz89ZrDlhjEJFNLloaxEn26QjiyWRQyZQP0rBo4j2sUCr0ue"
	    "6hpB7HSFoMsGUzf1q2ZRT1naTPEd0svsqVsF07SftaZtIsnRyRujnitmsGFQ5uwK"
	    "7jVKDOUz4jRpKt9EUZ6mVQEkL/0z2eCTKc661Y7Cwpy2bdBBE8/fMzPB52Aasx12"
	    "yNKkpumzvPMNGkhptgWmXuZP17owkkRMhygBW+8k/GihVmigtauGhndsKDalFnNC"
	    "J/k5vam2YfPIhsfvARGwRBXBa7uXcYQtGzTZE8cUmnKnepaysOF88Imvb0tuNCaV"
	    "PQfK4+LibRJA6eTodjnScR3YWrkHAIpHS7l5rr64UCJd8nAjverZAeA8YX1fgPGo"
	    "YdxbuvtVIP6sNcsbv9m3F1wlxVaBgwH4NjuLEZrgiJXrJxZUXylbzVV+p1NpmSWE"
	    "RshnFTKbkf1/OBvKxn1dHiqazCckWd2mhibpgIUGoFi4xUNQBDVL3RR9E7lO3EJJ"
	    "IG0XKHrN5tKoxqxWth6Cy8dZdeWpdqWtLfDH2bIcz3gCt4kuw7cXtd351P0EfLai"
	    "igKCoi1TmgOZql6pn9cJm/zMoQQW1oQIg0/oHTRhy9H/T5Xerk5sS9QwHklqSJWQ"
	    "/ffSdByHPP02tbO9jfqSpG/TEL1C54xXSn3ouIXVNFEIYUKr1R1UgnpYmSUKfv+L"
	    "6DoacCvqFRX5T8JI8/cRRhlaXjmoS/h5Vwd4IrE5Lg5nwJ4VJfta9678ZuOMpmj2"
	    "i2iNPmCYd1TcsNO+i2ipv7YK/TFoPrVLmTSpold7kTAxE9XI14RKMcxfBSeDRfnt"
	    "swIDAQAB",
	    "ejUb1IB442nDIosLCGhHeZ28PEpRBnQW4QWzRNr2eMvBn/iEtx6RatKh8Jg0vZHy"
	    "KV3+N4Iz491aUR523oRpkWBOQUF8gy0ojl+vwyOEgxwh2TJ7+KI/qzt3V3PLMnyy"
	    "tXO2IwvvLqvIAbR7YTTmYkbAdaXyCd+T4JYvnzLC/LMCIhawoxJb+BuogqEwNZ7D"
	    "hIBRYGNE+vK1RqGfdXBQv5unzk5ZvJtsmqnuOVVeu4ul4GLxdYHIInteocqMM/38"
	    "pjBcgGiHoIJKJPBlzpkk0psR0Dvh2z022mpSRgzwK8UTK5qnCwHSOSxuB3mu+xMT"
	    "Ybcc6WCGxMEhY2sqsQPBkL1lB0zn8Ewtf7l83J3MstEBKywaoSWfe+rNicitvcQN"
	    "Px29clTSMASNLmWOjLZtOULY/oCAD+nIrYuZ/iMI2kC5qAasF4Wp1nQmBFpRfr1B"
	    "OLEsznK4x/Z2ixKoHSY21gw38uKqH/26TB84NAK7CRmvmOzaIV9ctUiwTnir8L78"
	    "BnXmySaRX6C9lpxaFNGicS5eovJBdenPuoHiKo1FSTGFIbfX80vCedap2QktVjSY"
	    "o8ldhnMtKjmC+Ysad3LH52ORF0JE8hVeunSJTIcH1hOzlvKDDakHBEr/2uz7EL+m"
	    "ZZglRd9y8B2jC4x5YQsBd5m21mLA32KhiOEb6DeA/qaqN/a2HHQ8dMwQo6znIRwS"
	    "AE0dOGwXXKFMzzDVkYx92VSvwu75kdxLJgbG0LAKd6NYzO17Rphs5+OTyJllsD69"
	    "bNkZgvTWFoQSJ3PGPWJyOq6zkv7PxvQ/5i1DUOPWSYKLd3x+K6LD7HoCAVxZqfZL"
	    "O/UiiiYwkpbva+rnATongrJbWB1itEgOFIDtkfN08VTVVV/ceRxwyGujEHfgf3aW"
	    "jvWazG9A7g6u8vdB80fc5tWmZe/tXX7EoztBghT5S7eW9LVYF/rRq0SpYCmvq7KZ"
	    "+PDpffnhnVclK3TH5Y/TPvnW7Kokuj6Np5GOdWQD0CUr8zWCmf4UZvop21E9Tfo4"
	    "jhvRymuqw7nwrL/8kR+8q7i0RZ6zqFClRSsKjrOMxsuQIJCfVBerokHzgMDsZRdW"
	    "InvW4J9FMhTD8v4UEGgJ3IPQIw5UUK/1GLE21uIAeIUltBgmVuIonC72T9cyfhvA"
	    "IsQ5VvOT+wg5l3O53ItcMg1DXHz7X+oMsa+PHl3oQKWc64qfm0e7GqteoBLgwB5p"
	    "FwC6CeAFw/jvTSlJRzczAq7VCUylSlGy5Ry7u8ehLGxOPZSJ936kWPL9HN1LXQ8N"
	    "I2EUpwaQbSt43ZqJoqRzBkWtk9KIdVaYpChQzqhogFkacwkkUBaGJ4Czyg65j52W"
	    "49gLZbyAhi5d2qTGQaoKQg==" },
};
#define CRYPTO_VECTORS	(sizeof(crypto_vectors) / sizeof(crypto_vectors[0]))

#endif
