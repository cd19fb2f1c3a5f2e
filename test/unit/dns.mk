# UNIT += test/unit/t_dns_FILE
# test_unit_t_dns_FILE_SOURCES = test/unit/t_dns_FILE.c
