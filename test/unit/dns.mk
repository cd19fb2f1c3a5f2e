UNIT += test/unit/t_dns_answer
test_unit_t_dns_answer_SOURCES = test/unit/t_dns_answer.c
UNIT += test/unit/t_dns_batch
test_unit_t_dns_batch_SOURCES = test/unit/t_dns_batch.c
UNIT += test/unit/t_dns_cache
test_unit_t_dns_cache_SOURCES = test/unit/t_dns_cache.c
UNIT += test/unit/t_dns_rdata
test_unit_t_dns_rdata_SOURCES = test/unit/t_dns_rdata.c
UNIT += test/unit/t_dns_zone
test_unit_t_dns_zone_SOURCES = test/unit/t_dns_zone.c
UNIT += test/unit/t_dns_memory
test_unit_t_dns_memory_SOURCES = test/unit/t_dns_memory.c
test_unit_t_dns_memory_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
