lib_libmailseal_a_SOURCES += \
	lib/dns/answer.h \
	lib/dns/backend.h \
	lib/dns/cache.h \
	lib/dns/dns.h \
	lib/dns/name.h \
	lib/dns/rdata.h \
	lib/dns/resolver.h \
	lib/dns/unbound.h \
	lib/dns/zone.h \
	lib/dns/zone_lex.h \
	lib/dns/zone_read.h \
	lib/dns/answer.c \
	lib/dns/authority.c \
	lib/dns/authority.h \
	lib/dns/batch.c \
	lib/dns/cache.c \
	lib/dns/dns.c \
	lib/dns/name.c \
	lib/dns/rdata.c \
	lib/dns/resolver.c \
	lib/dns/unbound.c \
	lib/dns/unbound_configure.c \
	lib/dns/zone.c \
	lib/dns/zone_lex.c \
	lib/dns/zone_rdata.c \
	lib/dns/zone_read.c
