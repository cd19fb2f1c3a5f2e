UNIT += test/unit/t_milter_apply
test_unit_t_milter_apply_SOURCES = test/unit/t_milter_apply.c \
	milter/apply.c milter/apply.h
UNIT += test/unit/t_milter_logline
test_unit_t_milter_logline_SOURCES = test/unit/t_milter_logline.c \
	milter/logline_json.c milter/logline_text.c milter/logline.h
UNIT += test/unit/t_milter_negotiate
test_unit_t_milter_negotiate_SOURCES = test/unit/t_milter_negotiate.c \
	milter/negotiate.c milter/negotiate.h
UNIT += test/unit/t_milter_budget
test_unit_t_milter_budget_SOURCES = test/unit/t_milter_budget.c \
	milter/budget.c milter/budget.h
UNIT += test/unit/t_milter_live
test_unit_t_milter_live_SOURCES = test/unit/t_milter_live.c \
	milter/budget.c milter/budget.h milter/board.c milter/live.c milter/live.h \
	milter/mark_key.c milter/mark_key.h \
	milter/resolvers.c milter/resolvers.h
UNIT += test/unit/t_milter_metrics
test_unit_t_milter_metrics_SOURCES = test/unit/t_milter_metrics.c \
	milter/budget.c milter/budget.h milter/health.c milter/health.h \
	milter/board.c milter/live.c milter/live.h \
	milter/mark_key.c milter/mark_key.h \
	milter/meter.c milter/meter.h \
	milter/metrics.c milter/metrics.h \
	milter/resolvers.c milter/resolvers.h
UNIT += test/unit/t_milter_log_queue
test_unit_t_milter_log_queue_SOURCES = test/unit/t_milter_log_queue.c \
	milter/log_queue.c milter/log_queue.h milter/log_sink.h
UNIT += test/unit/t_milter_steps
test_unit_t_milter_steps_SOURCES = test/unit/t_milter_steps.c \
	milter/steps.c milter/steps.h
UNIT += test/unit/t_milter_manager
test_unit_t_milter_manager_SOURCES = test/unit/t_milter_manager.c \
	milter/manager.c milter/manager.h
UNIT += test/unit/t_milter_timer
test_unit_t_milter_timer_SOURCES = test/unit/t_milter_timer.c milter/timer.h
UNIT += test/unit/t_milter_board
test_unit_t_milter_board_SOURCES = test/unit/t_milter_board.c \
	milter/board.c milter/board.h
UNIT += test/unit/t_milter_watch
test_unit_t_milter_watch_SOURCES = test/unit/t_milter_watch.c \
	milter/watch.c milter/watch.h
UNIT += test/unit/t_milter_control
test_unit_t_milter_control_SOURCES = test/unit/t_milter_control.c \
	milter/control.c milter/control.h
UNIT += test/unit/t_milter_channels
test_unit_t_milter_channels_SOURCES = test/unit/t_milter_channels.c \
	milter/channels.c milter/channels.h milter/control.c milter/control.h
UNIT += test/unit/t_milter_mark_key
test_unit_t_milter_mark_key_SOURCES = test/unit/t_milter_mark_key.c
EXTRA_test_unit_t_milter_mark_key_DEPENDENCIES = milter/mark_key.c
if SANDBOX
UNIT += test/unit/t_milter_sandbox
test_unit_t_milter_sandbox_SOURCES = test/unit/t_milter_sandbox.c \
	milter/control.c milter/control.h milter/memory.c milter/memory.h \
	milter/opener.c milter/opener.h $(sandbox_files)
test_unit_t_milter_sandbox_LDADD = $(LDADD) $(SECCOMP_LIBS)
endif
UNIT += test/unit/t_milter_served_log
test_unit_t_milter_served_log_SOURCES = test/unit/t_milter_served_log.c \
	milter/served_log.c milter/served_log.h
UNIT += test/unit/t_milter_alive
test_unit_t_milter_alive_SOURCES = test/unit/t_milter_alive.c \
	milter/control.c milter/manager.c milter/parent_alive.c
