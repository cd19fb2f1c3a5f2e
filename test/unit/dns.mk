UNIT += test/unit/t_dns_zone
test_unit_t_dns_zone_SOURCES = test/unit/t_dns_zone.c
