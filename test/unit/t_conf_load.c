/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include "conf/conf.h"
#include "test/unit/files.h"
#include "test/unit/tap.h"

#define X10	"xxxxxxxxxx"
#define X70	X10 X10 X10 X10 X10 X10 X10
#define X100	X70 X10 X10 X10
#define KEYS	"Selector s1\nKeyFile rsa.pem\n"

static struct env env;

static struct conf *
parse(const char *text, struct diag *diag)
{
	struct conf *conf;
	enum status status;

	diag_init(diag);
	status = conf_parse(str_from(text), "conf", &env, &conf, diag);
	return (status == STATUS_OK ? conf : NULL);
}

/* What is refused, and in which words. */
static const struct {
	const char	*name;
	const char	*text;
	const char	*why;
} bad[] = {
	{ "an unknown option", "Mode v\n\nColour red\n",
	    "conf:3: there is no option \"Colour\"" },
	{ "a near miss", "Selektor x\n", "conf:1: there is no option "
	    "\"Selektor\"; did you mean Selector?" },
	{ "two letters swapped", "sokcet x\n", "conf:1: there is no option "
	    "\"sokcet\"; did you mean Socket?" },
	{ "a letter too few", "Mde x\n", "conf:1: there is no option "
	    "\"Mde\"; did you mean Mode?" },
	{ "two letters too many", "xSocketx x\n", "conf:1: there is no "
	    "option \"xSocketx\"; did you mean Socket?" },
	{ "three edits are too many", "Sxxxet x\n",
	    "conf:1: there is no option \"Sxxxet\"" },
	{ "On-ArcFail, with a hyphen", "On-ArcFail reject\n",
	    "conf:1: there is no option \"On-ArcFail\"; did you mean "
	    "OnArcFail?" },
	{ "On-BadFrom, with a hyphen", "On-BadFrom reject\n",
	    "conf:1: there is no option \"On-BadFrom\"; did you mean "
	    "OnBadFrom?" },
	{ "On-BadSignature, as OpenDKIM spells it", "On-BadSignature reject\n",
	    "conf:1: there is no option \"On-BadSignature\"; did you mean "
	    "OnBadSignature?" },
	{ "On-DNSError, as OpenDKIM spells it", "On-DNSError reject\n",
	    "conf:1: there is no option \"On-DNSError\"; did you mean "
	    "OnDNSError?" },
	{ "On-InternalError, as OpenDKIM spells it",
	    "On-InternalError reject\n",
	    "conf:1: there is no option \"On-InternalError\"; did you mean "
	    "OnInternalError?" },
	{ "On-SignFailure, with a hyphen", "On-SignFailure reject\n",
	    "conf:1: there is no option \"On-SignFailure\"; did you mean "
	    "OnSignFailure?" },
	{ "an option of OpenDKIM's that is not there",
	    "SetupPolicyScript /etc/x\n",
	    "conf:1: there is no option \"SetupPolicyScript\"" },
	{ "a control character is shown as such", "a\033b c\n",
	    "conf:1: there is no option \"a\\x1bb\"" },
	{ "no value", "Socket\n", "conf:1: Socket: no value; expected "
	    "unix:path|inet:port[@host]|inet6:port[@host]" },
	{ "only a comment for a value", "Mode # sv\n",
	    "conf:1: Mode: no value; expected s|v|sv" },
	{ "an option twice", "UMask 022\n#\nuMask 022\n",
	    "conf:3: UMask is already set on line 1" },
	{ "Background", "Background maybe\n",
	    "conf:1: Background: \"maybe\" is not yes|no" },
	{ "Socket without a kind", "Socket /run/x\n", "conf:1: Socket: "
	    "\"/run/x\" is not unix:path|inet:port[@host]|"
	    "inet6:port[@host]" },
	{ "Socket without a path", "Socket unix:\n", "conf:1: Socket: "
	    "\"unix:\" is not unix:path|inet:port[@host]|"
	    "inet6:port[@host]" },
	{ "Socket with a path too long for one",
	    "Socket unix:/" X100 "1234567\n",
	    "conf:1: Socket: \"unix:/" X70 "xxxx...\" is not unix:path|"
	    "inet:port[@host]|inet6:port[@host]" },
	{ "Socket with more than an address", "Socket inet:1@127.0.0.1 x\n",
	    "conf:1: Socket: \"inet:1@127.0.0.1 x\" is not unix:path|"
	    "inet:port[@host]|inet6:port[@host]" },
	{ "Socket as Postfix writes it", "Socket inet:127.0.0.1:8891\n",
	    "conf:1: Socket: \"inet:127.0.0.1:8891\" has the form of "
	    "Postfix's smtpd_milters; here the port comes first: "
	    "inet:PORT@HOST" },
	{ "the same with IPv6", "Socket inet6:[::1]:8891\n",
	    "conf:1: Socket: \"inet6:[::1]:8891\" has the form of "
	    "Postfix's smtpd_milters; here the port comes first: "
	    "inet:PORT@HOST" },
	{ "no port at all", "Socket inet:localhost:smtp\n",
	    "conf:1: Socket: \"inet:localhost:smtp\" is not unix:path|"
	    "inet:port[@host]|inet6:port[@host]" },
	{ "Socket inet: with IPv6", "Socket inet:1@[::1]\n",
	    "conf:1: Socket: \"inet:1@[::1]\" is not unix:path|"
	    "inet:port[@host]|inet6:port[@host]" },
	{ "Socket inet6: with IPv4", "Socket inet6:1@127.0.0.1\n",
	    "conf:1: Socket: \"inet6:1@127.0.0.1\" is not unix:path|"
	    "inet:port[@host]|inet6:port[@host]" },
	{ "Socket with port 0", "Socket inet:0\n", "conf:1: Socket: "
	    "\"inet:0\" is not unix:path|inet:port[@host]|"
	    "inet6:port[@host]" },
	{ "Socket with a port too high", "Socket inet:65536@::1\n",
	    "conf:1: Socket: \"inet:65536@::1\" is not unix:path|"
	    "inet:port[@host]|inet6:port[@host]" },
	{ "Socket without a host", "Socket inet:8891@\n", "conf:1: Socket: "
	    "\"inet:8891@\" is not unix:path|inet:port[@host]|"
	    "inet6:port[@host]" },
	{ "Metrics with a name", "Metrics inet:9893@mx.example.com\n",
	    "conf:1: Metrics: \"inet:9893@mx.example.com\" has neither an "
	    "address nor localhost after the @" },
	{ "Metrics with more than an address", "Metrics inet:1@::1]\n",
	    "conf:1: Metrics: \"inet:1@::1]\" has neither an address nor "
	    "localhost after the @" },
	{ "MarkField of the message", "MarkField Subject\n",
	    "conf:1: MarkField: \"Subject\" is not the name of a field of "
	    "yours, such as X-Mark" },
	{ "MarkField with a colon", "MarkField X-Mark:\n",
	    "conf:1: MarkField: \"X-Mark:\" is not the name of a field of "
	    "yours, such as X-Mark" },
	{ "MarkField that is the tag", "MarkField x-dmarc-quarantine\n",
	    "conf:1: MarkField: \"x-dmarc-quarantine\" is not the name of a "
	    "field of yours, such as X-Mark" },
	{ "MarkField without a name", "MarkField X-\n",
	    "conf:1: MarkField: \"X-\" is not the name of a field of yours, "
	    "such as X-Mark" },
	{ "Metrics without a port", "Metrics inet:@127.0.0.1\n",
	    "conf:1: Metrics: \"inet:@127.0.0.1\" is not unix:path|"
	    "inet:port[@address]|inet6:port[@address]" },
	{ "Mode", "Mode x\n", "conf:1: Mode: \"x\" is not s|v|sv" },
	{ "Mode with a letter twice", "Mode ss\n",
	    "conf:1: Mode: \"ss\" is not s|v|sv" },
	{ "Canonicalization", "Canonicalization simple/nofws\n",
	    "conf:1: Canonicalization: \"simple/nofws\" is not simple or "
	    "relaxed, or two of them with a slash between" },
	{ "Canonicalization with an empty part", "Canonicalization simple/\n",
	    "conf:1: Canonicalization: \"simple/\" is not simple or "
	    "relaxed, or two of them with a slash between" },
	{ "Minimum of more than all", "Minimum 101%\n",
	    "conf:1: Minimum: \"101%\" is not a number of octets, N% with N "
	    "from 0 to 100, or N+" },
	{ "Minimum without a number", "Minimum +\n",
	    "conf:1: Minimum: \"+\" is not a number of octets, N% with N "
	    "from 0 to 100, or N+" },
	{ "Minimum in words", "Minimum half\n",
	    "conf:1: Minimum: \"half\" is not a number of octets, N% with N "
	    "from 0 to 100, or N+" },
	{ "MinimumKeyBits below 1024 (8301 3.2)", "MinimumKeyBits 1023\n",
	    "conf:1: MinimumKeyBits: \"1023\" is not a number from 1024 to "
	    "8192" },
	{ "MaximumSignaturesToVerify 0", "MaximumSignaturesToVerify 0\n",
	    "conf:1: MaximumSignaturesToVerify: \"0\" is not a number from "
	    "1 to 100" },
	{ "a number with a sign", "MaximumSignaturesToVerify +3\n",
	    "conf:1: MaximumSignaturesToVerify: \"+3\" is not a number from "
	    "1 to 100" },
	{ "a number beyond all", "MinimumKeyBits 99999999999999999999\n",
	    "conf:1: MinimumKeyBits: \"99999999999999999999\" is not a "
	    "number from 1024 to 8192" },
	{ "a time with an unknown unit", "ClockDrift 5y\n",
	    "conf:1: ClockDrift: \"5y\" is not a time from 0 to 86400" },
	{ "a time of a unit only", "ClockDrift s\n",
	    "conf:1: ClockDrift: \"s\" is not a time from 0 to 86400" },
	{ "a time beyond all", "SignatureTTL 18446744073709551615w\n",
	    "conf:1: SignatureTTL: \"18446744073709551615w\" is not a time "
	    "from 0 to 315360000" },
	{ "DNSTimeout 0", "DNSTimeout 0\n",
	    "conf:1: DNSTimeout: \"0\" is not a time from 1 to 120" },
	{ "UMask, not octal", "UMask 008\n",
	    "conf:1: UMask: \"008\" is not an octal number" },
	{ "UMask, too much", "UMask 1000\n",
	    "conf:1: UMask: \"1000\" exceeds 0777" },
	{ "UserID", "\nUserID no-such-user-here:mail\n",
	    "conf:2: UserID: there is no user \"no-such-user-here\"" },
	{ "UserID without a user", "UserID :mail\n",
	    "conf:1: UserID: \":mail\" is not user[:group]" },
	{ "UserID with no group", "UserID root:\n",
	    "conf:1: UserID: \"root:\" is not user[:group]" },
	{ "UserID with an unknown group", "\nUserID root:no-such-group-here\n",
	    "conf:2: UserID: there is no group \"no-such-group-here\"" },
	{ "an action of OpenDKIM's that is not there",
	    "OnBadSignature discard\n", "conf:1: OnBadSignature: "
	    "\"discard\" is not accept|reject|tempfail|quarantine" },
	{ "LogFormat", "LogFormat xml\n",
	    "conf:1: LogFormat: \"xml\" is not text|json" },
	{ "SyslogFacility", "SyslogFacility kern\n",
	    "conf:1: SyslogFacility: \"kern\" is not auth|authpriv|cron|"
	    "daemon|local0..local7|mail|user" },
	{ "AuthservID with a control character", "AuthservID mx\texample\n",
	    "conf:1: AuthservID: \"mx\\x09example\" is neither plain ASCII "
	    "nor a domain name" },
	{ "SecondOpinion", "SecondOpinion sample:101%\n",
	    "conf:1: SecondOpinion: \"sample:101%\" is not off, all, or "
	    "sample:N% with N from 0 to 100" },
	{ "SecondOpinion without %", "SecondOpinion sample:5\n",
	    "conf:1: SecondOpinion: \"sample:5\" is not off, all, or "
	    "sample:N% with N from 0 to 100" },
	{ "SecondOpinion without a number", "SecondOpinion sample:%\n",
	    "conf:1: SecondOpinion: \"sample:%\" is not off, all, or "
	    "sample:N% with N from 0 to 100" },
	{ "Nameservers, a name", "Nameservers 192.0.2.1, dns.example\n",
	    "conf:1: Nameservers: \"dns.example\" is not address, "
	    "address@port or [address]:port" },
	{ "Nameservers, port 0", "Nameservers 192.0.2.1@0\n",
	    "conf:1: Nameservers: \"192.0.2.1@0\" is not address, "
	    "address@port or [address]:port" },
	{ "Nameservers, no port", "Nameservers 192.0.2.1@\n",
	    "conf:1: Nameservers: \"192.0.2.1@\" is not address, "
	    "address@port or [address]:port" },
	{ "Nameservers, more than an address",
	    "Nameservers 2001:0db8:0000:0000:0000:0000:0000:0001:0000:0000\n",
	    "conf:1: Nameservers: \"2001:0db8:0000:0000:0000:0000:0000:0001:"
	    "0000:0000\" is not address, address@port or [address]:port" },
	{ "Nameservers, a port too high", "Nameservers 192.0.2.1@65536\n",
	    "conf:1: Nameservers: \"192.0.2.1@65536\" is not address, "
	    "address@port or [address]:port" },
	{ "Nameservers, an open bracket", "Nameservers [::1\n",
	    "conf:1: Nameservers: \"[::1\" is not address, "
	    "address@port or [address]:port" },
	{ "Domain", "Domain example.com, exa mple..com\n" KEYS,
	    "conf:1: Domain: \"mple..com\" is not a domain name" },
	{ "Domain, an empty list", "Domain ,\n" KEYS,
	    "conf:1: Domain: empty list" },
	{ "InternalHosts", "InternalHosts 127.0.0.1, 10.0.0.0/33\n",
	    "conf:1: \"10.0.0.0/33\" is not an address, an address block "
	    "such as 192.0.2.0/24, a host name or a .domain" },
	{ "SignHeaders, no name", "SignHeaders From,Sub:ject\n",
	    "conf:1: SignHeaders: \"Sub:ject\" is not the name of a header "
	    "field to sign" },
	{ "SignHeaders, a name that h= cannot hold", "SignHeaders From,a;b\n",
	    "conf:1: SignHeaders: \"a;b\" is not the name of a header "
	    "field to sign" },
	{ "SignHeaders, less than the default", "SignHeaders *,-Date\n",
	    "conf:1: SignHeaders: \"-Date\" cannot remove a name; list all "
	    "names to sign" },
	{ "SignHeaders, a plus without a star", "SignHeaders From,+Date\n",
	    "conf:1: SignHeaders: \"+Date\" is not the name of a header "
	    "field to sign" },
	{ "OversignHeaders, the same", "OversignHeaders a;b\n",
	    "conf:1: OversignHeaders: \"a;b\" is not the name of a header "
	    "field to sign" },
	{ "SignHeaders, a name twice", "SignHeaders From,To,from\n",
	    "conf:1: SignHeaders: \"from\" is in the list twice" },
	{ "SignHeaders, a late star", "SignHeaders From,*\n",
	    "conf:1: SignHeaders: \"*\" is not the first item of the list" },
	{ "Mode s without keys", "\nMode s\n", "conf:2: Mode asks for "
	    "signing, which needs a KeyStore, KeyTable and SigningTable, "
	    "or Domain, Selector and KeyFile" },
	{ "Mode sv, written, without keys", "Mode sv\n", "conf:1: Mode asks "
	    "for signing, which needs a KeyStore, KeyTable and "
	    "SigningTable, or Domain, Selector and KeyFile" },
	{ "KeyStore of another kind", "\nKeyStore mysql:password=x\n",
	    "conf:2: KeyStore: \"mysql:\" is not "
	    "directory|sqlite:path|postgres:conninfo|none" },
	{ "KeyStore without a path", "\nKeyStore sqlite:\n",
	    "conf:2: KeyStore: \"sqlite:\" is not "
	    "directory|sqlite:path|postgres:conninfo|none" },
	{ "KeyStore without a conninfo", "KeyStore postgres:\n",
	    "conf:1: KeyStore: \"postgres:\" is not "
	    "directory|sqlite:path|postgres:conninfo|none" },
	{ "KeyStore, no path", "KeyStore keys\n",
	    "conf:1: KeyStore: \"keys\" is not "
	    "directory|sqlite:path|postgres:conninfo|none" },
	{ "KeyStore none, then a store", "KeyStore none\nKeyStore /k\n",
	    "conf:2: KeyStore: \"/k\" cannot be combined: none excludes all "
	    "other key stores" },
	{ "a store, then KeyStore none", "KeyStore /k\nKeyStore none\n",
	    "conf:2: KeyStore: \"none\" cannot be combined: none excludes "
	    "all other key stores" },
	{ "KeyStore none twice", "KeyStore none\nKeyStore NONE\n",
	    "conf:2: KeyStore: \"NONE\" cannot be combined: none excludes "
	    "all other key stores" },
	{ "a KeyStore twice", "KeyStore /k\nKeyStore sqlite:/s\n"
	    "KeyStore /k\n", "conf:3: KeyStore: \"/k\" is given twice" },
	{ "a KeyStore twice, without its password",
	    "KeyStore postgres:password=x\nKeyStore postgres:password=x\n",
	    "conf:2: KeyStore: \"postgres:\" is given twice" },
	{ "more than 16 KeyStores", "KeyStore /0\nKeyStore /1\nKeyStore /2\n"
	    "KeyStore /3\nKeyStore /4\nKeyStore /5\nKeyStore /6\n"
	    "KeyStore /7\nKeyStore /8\nKeyStore /9\nKeyStore /a\n"
	    "KeyStore /b\nKeyStore /c\nKeyStore /d\nKeyStore /e\n"
	    "KeyStore /f\nKeyStore /g\n",
	    "conf:17: KeyStore: \"/g\" exceeds the limit of 16 key stores" },
	{ "SigningTable alone", "\nSigningTable /t\n",
	    "conf:2: SigningTable needs a KeyTable" },
	{ "KeyTable alone", "KeyTable /t\nMode s\n",
	    "conf:1: KeyTable needs a SigningTable" },
	{ "tables, and half a key", "KeyTable /t\nSigningTable /t\n"
	    "Domain a.example\n", "conf:3: signing also needs Selector" },
	{ "a database", "KeyTable dsn:mysql://x\n", "conf:1: KeyTable: "
	    "\"dsn:mysql://x\" is not a table: only file:, refile:, csl: "
	    "and a path are supported" },
	{ "a list", "SigningTable *=k\n", "conf:1: SigningTable: \"*=k\" is "
	    "not a table: only file:, refile:, csl: and a path are supported" },
	{ "AuthservID with more than a name",
	    "AuthservID mail.example.com; x\n",
	    "conf:1: AuthservID: \"mail.example.com; x\" is not a host "
	    "name" },
	{ "AuthservID with a space", "AuthservID Our Gateway\n",
	    "conf:1: AuthservID: \"Our Gateway\" is not a host name" },
	{ "AuthservID with half a quote", "AuthservID \"mail.example.com\n",
	    "conf:1: AuthservID: \"\"mail.example.com\" is not a host "
	    "name" },
	{ "AuthservID with an empty name", "AuthservID a,,b\n",
	    "conf:1: AuthservID: \"\" is not a name" },
	{ "a file without a name", "SigningTable refile:\n", "conf:1: "
	    "SigningTable: \"refile:\" is not a table: only file:, refile:, "
	    "csl: and a path are supported" },
	{ "KeyCache 0", "KeyCache 0\n", "conf:1: KeyCache: \"0\" is neither "
	    "all nor a number from 1 to 1000000" },
	{ "KeyCache beyond all", "KeyCache 1000001\n", "conf:1: KeyCache: "
	    "\"1000001\" is neither all nor a number from 1 to 1000000" },
	{ "LineLengthLimit below 100", "LineLengthLimit 99\n", "conf:1: "
	    "LineLengthLimit: \"99\" is not 0, a number from 100 to 1000000, "
	    "or sendmail: and one from 100 to 2047" },
	{ "LineLengthLimit of Sendmail beyond its buffer",
	    "LineLengthLimit sendmail:2048\n", "conf:1: LineLengthLimit: "
	    "\"sendmail:2048\" is not 0, a number from 100 to 1000000, or "
	    "sendmail: and one from 100 to 2047" },
	{ "keys without Domain", "\n" KEYS,
	    "conf:2: signing also needs Domain" },
	{ "no Selector", "Domain example.com\nKeyFile rsa.pem\n",
	    "conf:1: signing also needs Selector" },
	{ "Domain beside a KeyStore", "KeyStore /k\nDomain example.com\n",
	    "conf:2: signing also needs Selector; with a KeyStore leave "
	    "Domain out" },
	{ "no KeyFile", "Domain example.com\nSelector s\n",
	    "conf:1: signing also needs KeyFile" },
	{ "a Selector too many", "Domain a.example\n" KEYS "Selector s2\n",
	    "conf:4: Selector without a KeyFile" },
	{ "a KeyFile too many", "Domain a.example\n" KEYS "KeyFile k\n",
	    "conf:4: KeyFile without a Selector" },
	{ "a Selector twice", "Domain a.example\n" KEYS
	    "Selector S1\nKeyFile ed25519.pem\n",
	    "conf:4: same Selector as on line 2" },
	{ "Selector", "Selector a_b..c\n",
	    "conf:1: Selector: \"a_b..c\" is not a selector" },
	{ "KeyFile that is not there",
	    "Domain a.example\nSelector s\n\nKeyFile none.pem\n",
	    "conf:4: KeyFile: none.pem: No such file or directory" },
	{ "KeyFile, the second one",
	    "Domain a.example\n" KEYS "Selector s2\nKeyFile none.pem\n",
	    "conf:5: KeyFile: none.pem: No such file or directory" },
	{ "Zone and Nameservers", "Nameservers 192.0.2.1\nZone z\n",
	    "conf:2: Zone replaces the DNS, so Nameservers cannot be set" },
	{ "Zone and TrustAnchorFile", "TrustAnchorFile t\nZone z\n",
	    "conf:2: Zone replaces the DNS, so TrustAnchorFile cannot be set" },
	{ "a list file that is not there", "Domain file:none\n" KEYS,
	    "conf:1: Domain: none: No such file or directory" },
	{ "a bad line in a list file", "InternalHosts file:bad-hosts\n",
	    "bad-hosts:4: \"10.0.0.1.2\" is not an address, an address "
	    "block such as 192.0.2.0/24, a host name or a .domain" },
	{ "a NUL in a list file", "MTA file:nul\n", "nul:2: a NUL byte" },
	{ "a folder for a list file", "MTA file:.\n",
	    "conf:1: MTA: .: Is a directory" },
};

/* The last value that is taken, and forms that stand nowhere else. */
static const char *const good[] = {
	"Socket inet:1\n", "Socket inet:65535@127.0.0.1\n",
	"\xef\xbb\xbfSocket inet:1\n", "\xef\xbb\xbf# x\nSocket inet:1\n",
	"Socket inet6:8891@[::1]\n", "Socket local:/run/x\n",
	"Metrics inet:9893\n", "Metrics inet:1@127.0.0.1\n",
	"Metrics inet:1@[::1]\n", "Metrics inet6:1@LocalHost\n",
	"Metrics inet:1@::\n", "Metrics unix:/run/mx.example.com@x\n",
	"StatsInterval 0\n", "StatsInterval 366d\n",
	"MinimumKeyBits 8192\n", "MaximumSignaturesToVerify 1\n",
	"MaximumSignaturesToVerify 100\n", "ClockDrift 0\n",
	"ClockDrift 86400\n", "ClockDrift 1D\n", "ClockDrift 24h\n",
	"SignatureTTL 315360000\n", "DNSTimeout 1\n", "DNSTimeout 2m\n",
	"UMask 0\n", "UMask 777\n", "UMask 00777\n",
	"SecondOpinion sample:0%\n", "SecondOpinion SAMPLE:100%\n",
	"Nameservers 192.0.2.1@65535\n", "Nameservers [192.0.2.1]\n",
	"SignHeaders X-~!,From\n", "MTA ,\n", "Mode V\n",
};

static void
test_good(void)
{
	struct conf *conf;
	struct diag diag;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		conf = parse(good[i], &diag);
		tap_str(str_from(diag.text), STR(""), "taken");
		tap_ok(conf != NULL, "taken: %.*s", (int)strlen(good[i]) - 1,
		    good[i]);
		conf_release(conf);
	}
}

static void
test_bad(void)
{
	struct conf *conf;
	struct diag diag;
	size_t i;

	write_file("bad-hosts", 0644, STR("# hosts\n10.0.0.1\n\n10.0.0.1.2 "
	    "# no\n"));
	write_file("nul", 0644, STR("a\nb\0\n"));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		conf = parse(bad[i].text, &diag);
		tap_ok(conf == NULL, "refused: %s", bad[i].name);
		tap_str(str_from(diag.text), str_from(bad[i].why),
		    bad[i].name);
		conf_release(conf);
	}
}

static void
test_defaults(void)
{
	char host[256];
	struct conf *c;
	struct diag diag;

	diag_init(&diag);
	if (!tap_ok(conf_load(NULL, &env, &c, &diag) == STATUS_OK,
	    "the defaults alone")) {
		printf("# %s\n", diag.text);
		return;
	}
	(void)gethostname(host, sizeof(host));
	tap_ok(c->socket == NULL && c->user_id == NULL &&
	    c->pid_file == NULL && c->zone == NULL &&
	    c->trust_anchor_file == NULL, "no default: paths");
	tap_num((long long)c->umask, 007, "UMask");
	tap_ok(c->background && !c->subdomains, "yes and no");
	tap_num(c->syslog_facility, LOG_MAIL, "SyslogFacility");
	tap_num(c->log_format, CONF_LOG_TEXT, "LogFormat");
	tap_num(c->log_target, CONF_LOG_SYSLOG, "LogTarget");
	tap_ok(c->mode_sign && c->mode_verify && c->key_stores.n == 1 &&
	    c->key_stores.optional, "Mode sv, with the default key store");
	tap_str(str_from(c->authserv_id.name), str_from(host), "AuthservID");
	tap_ok(c->canonicalization.header == CANON_RELAXED &&
	    c->canonicalization.body == CANON_RELAXED, "Canonicalization");
	tap_ok(c->sign_headers.v == NULL && c->oversign_headers.v == NULL,
	    "the header lists are absent");
	tap_num(c->signature_ttl_s, 0, "SignatureTTL");
	tap_ok(c->key_table.path == NULL && c->signing_table.path == NULL &&
	    !c->multiple_signatures, "no tables");
	tap_num(c->key_cache, 1000, "KeyCache");
	tap_ok(c->line_limit.limit == 998 &&
	    c->line_limit.style == LINES_POSTFIX, "LineLengthLimit");
	tap_num(c->minimum_key_bits, 1024, "MinimumKeyBits");
	tap_num(c->minimum.kind, CONF_MINIMUM_PERCENT, "Minimum");
	tap_num((long long)c->minimum.n, 100, "Minimum: all");
	tap_ok(!c->allow_extra_fields, "AllowExtraFields");
	tap_num(c->maximum_signatures, 8, "MaximumSignaturesToVerify");
	tap_num(c->clock_drift_s, 300, "ClockDrift");
	tap_num(c->on_bad_signature, CONF_ACCEPT, "OnBadSignature");
	tap_num(c->on_dns_error, CONF_TEMPFAIL, "OnDNSError");
	tap_num(c->on_internal_error, CONF_TEMPFAIL, "OnInternalError");
	tap_num((long long)c->dns_timeout_us, 5000000, "DNSTimeout");
	tap_num(c->second_percent, 0, "SecondOpinion");
	tap_ok(c->nameservers.n == 0 && c->mta.n == 0 && c->domains.n == 0 &&
	    c->keys_n == 0, "the other lists are empty");
	conf_release(c);
}

/* Every option once, none at its default. */
static const char all[] =
    "# a comment\r\n"
    "  Socket\tunix:/run/m s\r\n"
    "UserID root:mail  # a comment behind\n"
    "UMask 0022\n"
    "PidFile /run/m.pid#1\n"
    "background NO\n"
    "SyslogFacility local7\n"
    "LogFormat json\n"
    "LogTarget stderr\n"
    "Mode vs\n"
    "InternalHosts 192.0.2.0/24\n"
    "ExternalIgnoreList .example.org\n"
    "MTA submission, local\n"
    "AuthservID mail.example.com\n"
    "Domain B\xc3\xbc" "cher.Example. a.example\n"
    "SubDomains 1\n"
    "Selector S1\n"
    "KeyFile rsa.pem\n"
    "Selector ed._k\n"
    "KeyFile ed25519.pem\n"
    "Canonicalization simple/relaxed\n"
    "SignHeaders *,+X-Foo,Subject\n"
    "OversignHeaders From , To\n"
    "SignatureTTL 2w\n"
    "KeyTable file:/etc/key table\n"
    "SigningTable ReFile: ./signing.table\n"
    "MultipleSignatures yes\n"
    "KeyCache all\n"
    "LineLengthLimit sendmail:990\n"
    "MinimumKeyBits 2048\n"
    "Minimum 512+\n"
    "AllowExtraFields yes\n"
    "MaximumSignaturesToVerify 3\n"
    "ClockDrift 10m\n"
    "OnBadSignature quarantine\n"
    "OnDNSError accept\n"
    "OnInternalError reject\n"
    "Nameservers 192.0.2.1,[2001:db8::1]:5353 2001:db8::2@00053\n"
    "TrustAnchorFile /etc/root.key\n"
    "DNSTimeout 3s\n"
    "SecondOpinion sample:5%\n"
    "\n";

static void
test_strings(const struct conf_strings *got, const char *want,
    const char *name)
{
	struct buf joined;
	size_t i;

	buf_init(&joined, CONF_MAX_BYTES);
	for (i = 0; i < got->n; i++) {
		buf_printf(&joined, "%s%.*s", i > 0 ? "," : "",
		    STR_FMT(got->v[i]));
	}
	tap_str(buf_str(&joined), str_from(want), name);
	buf_fini(&joined);
}

static void
test_all_signing(const struct conf *c)
{
	tap_ok(c->mode_sign && c->mode_verify, "Mode");
	test_strings(&c->domains, "xn--bcher-kva.example,a.example",
	    "Domain: A-labels, lower case, no trailing dot");
	tap_num(c->subdomains, true, "SubDomains");
	tap_num((long long)c->keys_n, 2, "two pairs of Selector and KeyFile");
	tap_str(c->keys[0].selector, STR("s1"), "the first Selector");
	tap_num(privkey_type(c->keys[0].key), CRYPTO_RSA, "its key");
	tap_str(c->keys[1].selector, STR("ed._k"), "the second Selector");
	tap_num(privkey_type(c->keys[1].key), CRYPTO_ED25519, "its key");
	tap_str(str_from(c->keys[1].path), STR("ed25519.pem"), "its path");
	tap_ok(c->canonicalization.header == CANON_SIMPLE &&
	    c->canonicalization.body == CANON_RELAXED, "Canonicalization");
	test_strings(&c->sign_headers, "*,X-Foo,Subject",
	    "SignHeaders: a star, and '+' behind it is dropped");
	test_strings(&c->oversign_headers, "From,To", "OversignHeaders");
	tap_num(c->signature_ttl_s, 1209600, "SignatureTTL");
	tap_str(str_from(c->key_table.path), STR("/etc/key table"),
	    "KeyTable");
	tap_ok(!c->key_table.patterns, "file:");
	tap_str(str_from(c->signing_table.path), STR("./signing.table"),
	    "SigningTable");
	tap_ok(c->signing_table.patterns, "refile:, case ignored");
	tap_ok(c->multiple_signatures, "MultipleSignatures");
	tap_num(c->key_cache, 0, "KeyCache all");
	tap_ok(c->line_limit.limit == 990 &&
	    c->line_limit.style == LINES_SENDMAIL, "LineLengthLimit");
}

static void
test_all(void)
{
	struct conf *c;
	struct diag diag;

	c = parse(all, &diag);
	if (!tap_ok(c != NULL, "every option at once")) {
		printf("# %s\n", diag.text);
		return;
	}
	tap_str(str_from(c->socket), STR("unix:/run/m s"),
	    "Socket: the value goes to the end of the line");
	tap_str(str_from(c->user_id), STR("root:mail"), "UserID");
	tap_num((long long)c->umask, 022, "UMask");
	tap_str(str_from(c->pid_file), STR("/run/m.pid#1"),
	    "PidFile: '#' inside a word is no comment");
	tap_ok(!c->background, "Background");
	tap_num(c->syslog_facility, LOG_LOCAL7, "SyslogFacility");
	tap_num(c->log_format, CONF_LOG_JSON, "LogFormat");
	tap_num(c->log_target, CONF_LOG_STDERR, "LogTarget");
	tap_ok(!hosts_match(c->internal_hosts, NULL, STR("a.example.org")) &&
	    hosts_match(c->external_ignore, NULL, STR("a.example.org")),
	    "InternalHosts, ExternalIgnoreList");
	test_strings(&c->mta, "submission,local", "MTA");
	tap_str(str_from(c->authserv_id.name), STR("mail.example.com"),
	    "AuthservID");
	test_all_signing(c);
	tap_num(c->minimum_key_bits, 2048, "MinimumKeyBits");
	tap_num(c->minimum.kind, CONF_MINIMUM_LEFT, "Minimum");
	tap_num((long long)c->minimum.n, 512, "Minimum: octets");
	tap_ok(c->allow_extra_fields, "AllowExtraFields");
	tap_num(c->maximum_signatures, 3, "MaximumSignaturesToVerify");
	tap_num(c->clock_drift_s, 600, "ClockDrift");
	tap_num(c->on_bad_signature, CONF_QUARANTINE, "OnBadSignature");
	tap_num(c->on_dns_error, CONF_ACCEPT, "OnDNSError");
	tap_num(c->on_internal_error, CONF_REJECT, "OnInternalError");
	test_strings(&c->nameservers, "192.0.2.1,2001:db8::1@5353,"
	    "2001:db8::2@53", "Nameservers");
	tap_str(str_from(c->trust_anchor_file), STR("/etc/root.key"),
	    "TrustAnchorFile");
	tap_num((long long)c->dns_timeout_us, 3000000, "DNSTimeout");
	tap_num(c->second_percent, 5, "SecondOpinion");
	conf_release(conf_hold(c));
	tap_str(str_from(c->socket), STR("unix:/run/m s"),
	    "a configuration that is held stays");
	conf_release(c);
}

static void
test_variants(void)
{
	struct conf *c;
	struct diag diag;

	write_file("domains", 0644, STR("# ours\r\na.example\n\n"
	    "\tB.example # and\n  c.example, d.example"));
	c = parse("Domain refile:domains\nCanonicalization relaxed\n"
	    "OversignHeaders NONE\nSecondOpinion all\nZone z\n" KEYS, &diag);
	if (!tap_ok(c != NULL, "variants")) {
		printf("# %s\n", diag.text);
		return;
	}
	test_strings(&c->domains, "a.example,b.example,c.example,d.example",
	    "Domain from a file");
	tap_ok(c->canonicalization.header == CANON_RELAXED &&
	    c->canonicalization.body == CANON_SIMPLE,
	    "6376 3.5: one word is the header's, the body is simple");
	tap_ok(c->oversign_headers.v != NULL && c->oversign_headers.n == 0,
	    "OversignHeaders none is not the default");
	tap_num(c->second_percent, 100, "SecondOpinion all");
	tap_str(str_from(c->zone), STR("z"), "Zone");
	tap_ok(c->mode_sign && c->mode_verify, "with keys, Mode is sv");
	conf_release(c);

	c = parse("AuthservID B\xc3\xbc" "cher.example\n", &diag);
	tap_str(str_from(c != NULL ? c->authserv_id.name : NULL),
	    STR("xn--bcher-kva.example"), "8616 6: AuthservID has A-labels");
	conf_release(c);
	c = parse("AuthservID \"mail.example.com\"\n", &diag);
	tap_str(str_from(c != NULL ? c->authserv_id.name : NULL),
	    STR("mail.example.com"), "without the quotes");
	conf_release(c);
	c = parse("AuthservID {j}, \"old.example\",b\xc3\xbc" "cher.example\n",
	    &diag);
	tap_ok(c != NULL && c->authserv_id.from_mta &&
	    c->authserv_id.name[0] != '{', "AuthservID {j}");
	if (c != NULL) {
		test_strings(&c->authserv_id.names, "{j},old.example,"
		    "xn--bcher-kva.example", "further names");
	}
	conf_release(c);
	c = parse("KeyTable csl:k=a.example:s:/k\nMode v\n"
	    "SigningTable csl:a.example=k\n", &diag);
	tap_str(str_from(c != NULL ? c->key_table.path : NULL),
	    STR("csl:k=a.example:s:/k"), "a table in its place");
	conf_release(c);
	c = parse("Mode v\nDomain a.example\nKeyFile none.pem\n", &diag);
	tap_ok(c != NULL && !c->mode_sign && c->keys_n == 0,
	    "Mode v needs no keys and reads none");
	conf_release(c);
	c = parse("Domain a.example\nMode s\n" KEYS, &diag);
	tap_ok(c != NULL && c->mode_sign && !c->mode_verify, "Mode s");
	conf_release(c);
	c = parse("", &diag);
	tap_ok(c != NULL, "an empty file");
	conf_release(c);
}

static void
test_key_stores(void)
{
	struct conf *c;
	struct diag diag;

	c = parse("KeyStore /k\nKeyStore sqlite:k.db\n"
	    "KeyStore postgres:host=db user=u\nKeyStore ./k\n", &diag);
	if (tap_ok(c != NULL && c->mode_sign && c->key_stores.n == 4,
	    "several key stores")) {
		tap_str(str_from(c->key_stores.v[0]), STR("/k"),
		    "in the order of the lines");
		tap_str(str_from(c->key_stores.v[2]),
		    STR("postgres:host=db user=u"), "conninfo has spaces");
	}
	conf_release(c);
	c = parse("KeyStore none\n", &diag);
	tap_ok(c != NULL && !c->mode_sign && c->key_stores.n == 0,
	    "KeyStore none: nothing to sign with");
	conf_release(c);
}

static void
remember(void *ctx, enum log_level level, const char *line)
{
	if (level == LOG_LEVEL_WARNING) {
		snprintf(ctx, DIAG_MAX_BYTES, "%s", line);
	}
}

static void
test_weak_key(void)
{
	char line[DIAG_MAX_BYTES] = "";
	struct conf *c;
	struct diag diag;

	write_key("weak.pem", CRYPTO_RSA, 1024);
	env.log = remember;
	env.ctx = line;
	c = parse("Domain a.example\nSelector s\nKeyFile weak.pem\n", &diag);
	env.log = NULL;
	tap_ok(c != NULL, "8301 3.2: a key of 1024 bits signs");
	tap_str(str_from(line), STR("conf:3: KeyFile: weak.pem: an RSA key "
	    "of 1024 bits is weak, use 2048 or more"), "but is warned about");
	conf_release(c);

	line[0] = '\0';
	env.log = remember;
	c = parse("Domain a.example\n" KEYS
	    "Selector e\nKeyFile ed25519.pem\n", &diag);
	env.log = NULL;
	tap_ok(c != NULL && c->keys_n == 2 && line[0] == '\0',
	    "2048 bits, and Ed25519, are not");
	conf_release(c);
}

static void
test_limits(void)
{
	struct str head = STR("PidFile ");
	size_t max = CONF_LINE_MAX_BYTES;
	struct conf *c;
	struct diag diag;
	char *text;

	text = malloc(CONF_MAX_BYTES + 2);
	if (text == NULL) {
		tap_ok(false, "memory");
		return;
	}
	memset(text, 'x', CONF_MAX_BYTES + 1);
	memcpy(text, head.p, head.n);
	text[max] = '\0';
	c = parse(text, &diag);
	tap_ok(c != NULL, "as long a line as may be");
	conf_release(c);
	text[max] = 'x';
	text[max + 1] = '\0';
	tap_ok(parse(text, &diag) == NULL, "one byte longer");
	tap_str(str_from(diag.text),
	    STR("conf:1: a line of more than 65536 bytes"), "the reason");
	diag_init(&diag);
	tap_ok(conf_parse(STR("Mode v\nMT\0A x\n"), "conf", &env, &c,
	    &diag) == STATUS_SYNTAX, "a NUL byte");
	tap_str(str_from(diag.text), STR("conf:2: a NUL byte"), "the reason");

	write_file("wrong", 0644, STR("\nMode x\n"));
	diag_init(&diag);
	tap_ok(conf_load("wrong", &env, &c, &diag) == STATUS_SYNTAX,
	    "a bad file");
	tap_str(str_from(diag.text), STR("wrong:2: Mode: \"x\" is not s|v|sv"),
	    "is named");
	memset(text, '\n', CONF_MAX_BYTES + 1);
	write_file("big", 0644, str_mem(text, CONF_MAX_BYTES));
	diag_init(&diag);
	tap_ok(conf_load("big", &env, &c, &diag) == STATUS_OK,
	    "as long a file as may be");
	conf_release(c);
	write_file("big", 0644, str_mem(text, CONF_MAX_BYTES + 1));
	tap_ok(conf_load("big", &env, &c, &diag) == STATUS_LIMIT,
	    "one byte longer");
	tap_str(str_from(diag.text), STR("big: larger than 1048576 bytes"),
	    "the reason");
	diag_init(&diag);
	tap_ok(conf_load("none", &env, &c, &diag) == STATUS_IO && c == NULL,
	    "no such file");
	tap_str(str_from(diag.text), STR("none: No such file or directory"),
	    "the reason");
	free(text);
}

static void
test_header_limit(void)
{
	struct buf text;
	struct conf *c;
	struct diag diag;
	int i;

	buf_init(&text, CONF_LINE_MAX_BYTES);
	buf_add_cstr(&text, "SignHeaders");
	for (i = 0; i < 256; i++) {
		buf_printf(&text, " X-%d", i);
	}
	c = parse(text.p, &diag);
	tap_ok(c != NULL && c->sign_headers.n == 256, "256 names of headers");
	conf_release(c);
	buf_add_cstr(&text, " X-256");
	tap_ok(parse(text.p, &diag) == NULL, "one more");
	tap_str(str_from(diag.text), STR("conf:1: SignHeaders: \"X-256\" "
	    "exceeds the limit of 256 names"), "the reason");
	buf_fini(&text);
}

/* What the mail process gets: every way to write the line. */
static void
test_hidden(void)
{
	static const char text[] =
	    "# KeyStore postgres:password=a-secret\n"
	    "Mode v\n"
	    "\n"
	    "KeyStore postgres:host=x password=a-secret\n"
	    "  KEYSTORE\t postgres:password='a-secret # with' # a-secret\r\n"
	    "KeyStore sqlite:/srv/keys.db\n"
	    "KeyStore /srv/keys\n"
	    "ReportStore postgres:password=kept\n"
	    "keystore postgres:postgresql://u:a-secret@host/db";
	static const char want[] = "\n"
	    "Mode v\n"
	    "\n"
	    "KeyStore postgres:4\n"
	    "KEYSTORE postgres:5\n"
	    "KeyStore sqlite:/srv/keys.db\n"
	    "KeyStore /srv/keys\n"
	    "ReportStore postgres:password=kept\n"
	    "keystore postgres:9\n";
	struct conf *whole, *hidden;
	struct diag diag;
	struct buf out;

	buf_init(&out, CONF_MAX_BYTES);
	tap_num(conf_hide_key_stores(STR(text), &out), STATUS_OK, "hidden");
	tap_str(buf_str(&out), STR(want), "no store of keys can be opened");
	whole = parse(text, &diag);
	hidden = parse(out.p, &diag);
	tap_ok(whole != NULL && hidden != NULL &&
	    whole->key_stores.n == 5 && hidden->key_stores.n == 5,
	    "the rest is the same");
	conf_release(whole);
	conf_release(hidden);
	buf_fini(&out);
	buf_init(&out, 8);
	tap_num(conf_hide_key_stores(STR(text), &out), STATUS_LIMIT,
	    "too long");
	buf_fini(&out);
}

int
main(void)
{
	char folder[] = "/tmp/t_conf_load.XXXXXX";
	char command[sizeof(folder) + 16];

	if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
		printf("1..0 # SKIP no temporary folder\n");
		return (0);
	}
	env_init_system(&env);
	write_key("rsa.pem", CRYPTO_RSA, 2048);
	write_key("ed25519.pem", CRYPTO_ED25519, 0);
	test_bad();
	test_good();
	test_defaults();
	test_all();
	test_variants();
	test_key_stores();
	test_weak_key();
	test_limits();
	test_header_limit();
	test_hidden();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	tap_num(system(command), 0, "clean up");
	return (tap_done());
}
