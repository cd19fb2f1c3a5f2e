lib_libmailseal_a_SOURCES += \
	lib/spf/check.h \
	lib/spf/evaluator.h \
	lib/spf/macro.h \
	lib/spf/record.h \
	lib/spf/result.h \
	lib/spf/evaluator.c \
	lib/spf/explain.c \
	lib/spf/macro.c \
	lib/spf/received.c \
	lib/spf/received.h \
	lib/spf/record.c \
	lib/spf/result.c \
	lib/spf/survey.c \
	lib/spf/survey.h \
	lib/spf/target.c \
	lib/spf/terms.c
