# UNIT += test/unit/t_mail_FILE
# test_unit_t_mail_FILE_SOURCES = test/unit/t_mail_FILE.c
