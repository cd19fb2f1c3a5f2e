lib_libmailseal_a_SOURCES += \
	lib/engine/engine.h
