lib_libmailseal_a_SOURCES += \
	lib/engine/actions.c \
	lib/engine/checks.c \
	lib/engine/decide.c \
	lib/engine/direction.c \
	lib/engine/engine.c \
	lib/engine/engine.h \
	lib/engine/external.c \
	lib/engine/message.c \
	lib/engine/names.c \
	lib/engine/opinion.c \
	lib/engine/opinion_dkim.c \
	lib/engine/own_keys.c \
	lib/engine/policy.c \
	lib/engine/private.h \
	lib/engine/results.c \
	lib/engine/results_sender.c \
	lib/engine/sealers.c \
	lib/engine/sealing.c \
	lib/engine/sender.c \
	lib/engine/signing.c \
	lib/engine/stats.c \
	lib/engine/verifying.c
