include test/unit/local.mk
include test/lib/local.mk
include test/conformance/local.mk
include test/cross/local.mk
include test/integration/local.mk
include test/scenario/local.mk
include test/fuzz/local.mk
include test/bench/local.mk
