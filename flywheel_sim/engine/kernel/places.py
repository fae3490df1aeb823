"""Where things stand in the compiled engine's memory: the cells of each kind of row.

`journey_tables` writes the rows, the kernel reads them. A *place* is an index into memory; place 0 is never
used, so 0 means "none". Cells of one row are numbered from 0; the last name of each is the row's length.
"""

from __future__ import annotations

#: A time beyond any horizon, and the mark of a stopwatch that never ran (`units.NEVER`).
BIG = 1 << 62

#: Header: figures of the run, at fixed places from the start of memory.
(
    H_SEED, H_REPLICATION, H_HORIZON, H_LONGEST, H_PHASE, H_FORCE, H_YEARLY, H_ELIGIBLE, H_AGES, H_COHORTS,
    H_GROUPS, H_FLOWS, H_LINES, H_STAGES, H_CHANNELS, H_PERIOD_ENDS, H_FLOW, H_MONEY, H_CHANNEL_SPEND, H_MRR,
    H_MRR_CHANGE, H_DELTA, H_OFFSET, H_UNFINISHED, H_COHORT, H_FOLLOWED, H_GENERATION, H_ACC_KEYS, H_ACC_DELTA,
    H_ACC_OFFSET, H_STAGE_ROWS, H_CHANNEL_ROWS, H_ATTRIBUTES, H_N_ATTRIBUTES, H_GROUP_ROW, H_SCRATCH,
    H_SCRATCH_HALF, H_ARRIVAL_CODE, H_FINE, H_TOGETHER, H_WITH_MRR, H_WITH_REFERRER, H_WITH_MARGIN, H_N_INVOICES,
    H_N_CLOCKS, H_MAX_PEOPLE, H_MAX_EVENTS, H_N_PEOPLE, H_N_EVENTS, H_STATUS, H_STATUS_AT, H_N_LANES, H_IDLE,
    H_N_IDLE, H_BUCKETS, H_COUNTS, H_BY_OUTCOME, H_BLANK, H_FREE, H_READY, H_POOL_LEFT, H_CHANNEL_AT, H_PEOPLE,
    H_PEOPLE_SIZE, H_PEOPLE_N, H_PEOPLE_WIDTH, H_EVENTS, H_EVENTS_SIZE, H_EVENTS_N, H_ROWS_A_STEP, H_REFERS_A_STEP,
    H_PERIOD, H_N_BLANK, H_INVOICE0, H_ACCRUAL0, H_ATTRIBUTE0, H_DRAWS, H_N_DRAWS, H_COUPLED, H_MARKET,
    H_MARKET_CODE, H_TOUCHED, H_RESOURCE_ROWS, H_N_RESOURCES, H_SHARED_ROWS, H_N_SHARED, H_QUEUE, H_BACKLOG, H_LOAD,
    H_WAITS, H_CONTACT, H_SHARED, H_NOW, H_ACTOR, H_FIRST, H_LAST, H_ALIVE, H_YOUNGEST, H_N_ALIVE, H_FREE_PLACE,
    H_PLACES_LEFT, H_BEGUN, H_SHIFT, H_HEADS, H_HEAP_SIZE, H_OPEN, H_HEAP, H_HEAP_N, H_FREE_ENTRY, H_ENTRIES_LEFT,
    H_ONE, H_FETCH, H_STEPS_LEFT, H_ENTRIES_A_STEP, H_DECIDED, H_DECIDE, H_LIVES, H_LIFE, H_LIFE_GROUPS, H_STORE,
    H_STORED_N, H_STORE_SIZE, H_WIDTH, H_AFTER, H_WORK, H_REST, HEADER,
) = range(127)  # fmt: skip

#: Why the kernel came back.
(
    DONE, EVENTS_FULL, PEOPLE_FULL, POOL_FULL, TOO_MANY_PEOPLE, TOO_MANY_EVENTS, TOO_MANY_VISITS, TOO_MANY_FIRINGS,
    PLACES_FULL, AGENDA_FULL, TOO_MUCH_MONEY, STORE_FULL, RESTS,
) = range(13)  # fmt: skip

#: Roles, as numbers.
ROLES: tuple[str, ...] = ("prospect", "customer", "lapsed", "exit", "aside")
PROSPECT, CUSTOMER, LAPSED, EXIT, ASIDE = range(5)

#: A rate: number of axes, cells, whether people have values of their own in a cell, quantile tables of the cells
#: (0 none), column of the rank, decision of the rank, column of the counter that multiplies it (0 none), whether time
#: alone can change it, then its axes.
R_AXES, R_CELLS, R_OWN, R_TABLES, R_RANK, R_CODE, R_PER, R_TIMED, RATE = range(9)
#: An axis: kind, column of the person (of what all share: the place of its row), stride, number of bounds, bounds.
A_KIND, A_COLUMN, A_STRIDE, A_N, A_BOUNDS, AXIS = range(6)
NAMED, NUMBER, ALL_SHARE, STOPWATCH, CALENDAR, MONTH_OF_YEAR = range(6)

#: A pick among levels or outcomes: number of thresholds, a rate for the cell (its axes alone count), thresholds
#: by cell, the result of each threshold and last that of the rest, and the chance with a spread (0 none).
P_N, P_CELL, P_THRESHOLDS, P_RESULTS, P_SPREAD, PICK = range(6)

#: Effects: number and place of sets, amounts, adds, referrals; and whether any amount is a share of what is earned.
E_SETS, E_SETS_AT, E_MONEY, E_MONEY_AT, E_ADDS, E_ADDS_AT, E_REFER, E_REFER_AT, E_SHARES, EFFECTS = range(10)
#: A set: mode, column, value, source column, pick, decision, bounds.
S_MODE, S_COLUMN, S_VALUE, S_SOURCE, S_PICK, S_CODE, S_LOW, S_HIGH, SETTING = range(9)
TO_VALUE, TO_COPY, TO_DRAW, TO_SHOW = range(4)
#: An add: column, number, whether it adds what was earned, bounds.
D_COLUMN, D_NUMBER, D_EARNED, D_LOW, D_HIGH, ADDITION = range(6)
#: An amount: distribution (0 fixed), three rates, table, its length, decision, side (1 earn, -1 spend), column of
#: the invoice (0 none), its factor to a month, how long it counts, what it comes to where that is the same for
#: everybody (`VARIES` otherwise), the line of which it is a share (-1 none), whether it recurs, what follows from it
#: and how much that is, the roles (bits) in which it counts in margins, and its line by role.
(
    M_DIST, M_A, M_B, M_C, M_TABLE, M_SIZE, M_CODE, M_SIDE, M_INVOICE, M_MONTHLY, M_PERIOD, M_CONSTANT, M_OF, M_RECURS,
    M_FOLLOWS, M_FOLLOWS_N, M_MARGIN, M_LINES,
) = range(18)  # fmt: skip
MONEY = M_LINES + len(ROLES)
VARIES = -BIG
#: What follows from an amount earned, on a line that nothing books: side, share, whether it counts in margins, and
#: whether it recurs.
I_SIDE, I_SHARE, I_MARGIN, I_RECURS, FOLLOWER = range(5)

#: An event: column of its owner's visits, number of outcomes, pick, effects, outcomes, flow by stage, decision, whether
#: it recurs, whether any of its effects changes an attribute, and whether whoever stays has nothing to do but start the
#: clock again, pay, and refer.
V_VISITS, V_N, V_PICK, V_EFFECTS, V_OUTCOMES, V_FLOWS, V_CODE, V_RECURS, V_CHANGES, V_SIMPLE, EVENT = range(11)
#: An outcome: stage to go to (-1 stay), effects, and whether all it does is to lead from one plain stage to another.
O_TO, O_EFFECTS, O_PLAIN, OUTCOME = range(4)

#: A clock: kind, event, first firing, columns of the running clock and of its due time, three rates, table, its
#: length, conditions and their number, decision, column of visits, a number of its own by which waves sort, the
#: value of the first rate where it is the same for everybody at all times: ms, or the bits of a rate (0 otherwise),
#: and the staffed service it belongs to (0 none) with its part in that.
(
    C_KIND, C_EVENT, C_FIRST, C_AT, C_DUE, C_A, C_B, C_C, C_TABLE, C_SIZE, C_WHEN, C_N_WHEN, C_CODE, C_VISITS, C_ID,
    C_CONSTANT, C_SERVICE, C_PART, CLOCK,
) = range(19)  # fmt: skip
ASKS, GIVES_UP, IS_SERVED = range(3)
#: Kinds of clock beyond `draws.KINDS`: conditions, and asking for service on entry.
K_FIXED, K_MEMORYLESS, K_AT, K_WHEN, K_ENTRY = 0, 1, 2, 20, 21
#: A condition: kind of axis, column, value.
W_KIND, W_COLUMN, W_VALUE, CONDITION = range(4)

#: A running clock: firing, word, since, work, rate, mode (its due time lies with the others' for quick search).
L_FIRING, L_WORD, L_SINCE, L_WORK, L_RATE, L_MODE, SLOT = range(7)
FIRES, LOOKS, SPENT, ASKED = range(4)

#: A staffed service that somebody asks for: resource, class of priority, column of the person's place there, the
#: clocks that ask, that ends waiting (0 where nobody gives up) and that serves, whether there is a patience, and the
#: bit of the set it belongs to (-1 for a stage).
(
    SERVICE_RESOURCE, SERVICE_CLASS, SERVICE_PLACE, SERVICE_ASKS, SERVICE_GIVES_UP, SERVICE_SERVES, SERVICE_PATIENCE,
    SERVICE_BIT, SERVICE,
) = range(9)  # fmt: skip
#: A person's place in a service: how they stand, since when they ask, neighbours in the queue, the person, the service.
X_STATE, X_SINCE, X_NEXT, X_BEFORE, X_PERSON, X_SERVICE, AT_SERVICE = range(7)
AWAY, WAITING_THERE, SERVED_THERE, TURNED_AWAY = range(4)
#: A resource: people there, people served, people waiting, how many may wait (-1 any), target (-1 none), its number,
#: first and last of each class of priority, changes of its people (time, people), their number, and which is next.
(
    Z_PEOPLE, Z_SERVED, Z_WAITING, Z_LIMIT, Z_TARGET, Z_NUMBER, Z_CLASSES, Z_STEPS_N, Z_STEPS, Z_STEP, RESOURCE,
) = range(11)  # fmt: skip
#: What all share: sum, count, what it starts as, column it is the mean of, weights (0 none), scale (0 where people are
#: counted), whether each stage
#: counts, bounds at which anything changes and their number, how many of them are reached, its number.
(
    J_SUM, J_COUNT, J_STARTS, J_COLUMN, J_WEIGHTS, J_SCALE, J_STAGES, J_BOUNDS_N, J_BOUNDS, J_LEVEL, J_NUMBER, ALL_OF,
) = range(12)  # fmt: skip
#: Something on the agenda: link, time, order at that time, person (of channels and resources: nothing).
ENTRY_LINK, ENTRY_TIME, ENTRY_ORDER, ENTRY_WHO, ENTRY = range(5)

#: A stage: role, its live clocks in order, those of its own, what is decided at once (0 none), accruals, effects and
#: decision on entry, column of visits, its sets, the bits of all of them, and whether entering it does nothing but
#: start its clocks (no set, accrual, effect, or decision at once); the services of its live clocks; whether any of
#: these, or what accrues, depends on what all share; what its fixed clocks will bill people present there; and whether
#: somebody there can become a customer.
(
    G_ROLE, G_LIVE_N, G_LIVE, G_OWN_N, G_OWN, G_AT_ONCE, G_ACC_N, G_ACC, G_ON_ENTRY, G_CODE, G_VISITS, G_SETS_N,
    G_SETS, G_MASK, G_PLAIN, G_SERVICES_N, G_SERVICES, G_SHARES, G_BILLS_N, G_BILLS, G_LEADS, STAGE,
) = range(22)  # fmt: skip
#: What a clock will bill people present: column of the invoice, the amount, the clock.
K_INVOICE, K_AMOUNT, K_CLOCK, BILL = range(4)
#: An invoice of a person: what it comes to by the month, and when it counts no longer; of a single line these are
#: `B_BILLED` and `B_LAPSE`, which nearly every step asks for.
INVOICED = 2
#: A set of stages: bit, column of visits, effects and decision on entry, clocks.
U_BIT, U_VISITS, U_ON_ENTRY, U_CODE, U_OWN_N, U_OWN, STAGE_SET = range(7)
#: An accrual of a stage: rate, side, line, first key of its books (-1 where people have prices of their own), by cell
#: what a whole cohort period comes to, flat and then discounted from each age followed (0 with prices of their own),
#: whether it counts in margins, whether anything recurs in the stage and whether this does, and what follows from it. A
#: person keeps of each its cell, its price, and what the counter held that multiplies it.
Q_RATE, Q_SIDE, Q_LINE, Q_KEY, Q_WHOLE, Q_MARGIN, Q_MRR, Q_RECURS, Q_FOLLOWS, Q_FOLLOWS_N, ACCRUAL = range(11)
ACCRUING = 3

#: A channel: kind, stage it enters, rate, people of each batch, times, their number, until, root of its keys, price of
#: an arrival where it is always the same, else its rate (0 none), sets and their number, columns inherited and their
#: number, whether it is removed; then where it stands: n, time, batch, left, the place of the keys and times of its
#: next arrivals, and key and time of who comes next.
(
    N_KIND, N_ENTERS, N_RATE, N_COUNTS, N_TIMES, N_TIMES_N, N_UNTIL, N_ROOT, N_PRICE, N_PRICED, N_SETS, N_SETS_N,
    N_INHERITS, N_INHERITS_N, N_REMOVED, N_NEXT, N_TIME, N_BATCH, N_LEFT, N_AHEAD, N_KEY, N_DUE, CHANNEL,
) = range(23)  # fmt: skip
BY_RATE, BY_BATCH, BY_PRESENCE, BY_REFERRAL = range(4)
#: An attribute: column, whether it is a stopwatch (starts at arrival), pick, decision, whether channels hand it on.
T_COLUMN, T_STOPWATCH, T_PICK, T_CODE, T_INHERITED, ATTRIBUTE = range(6)

#: A person: what nearly every step asks for, eight words that fill a line of the processor's cache, and eight more that
#: money asks for; then the rest, and columns whose number depends on the journey (`journey_tables`).
(
    B_KEY, B_NEXT, B_CLOCK, B_ORDER, B_STAGE, B_ROW, B_GROUP, B_ENTERED,
    B_ACQUIRED, B_COHORT, B_COHORT_GROUP, B_GENERATION, B_MRR, B_MRR_BOOKED, B_MRR_GROUP, B_BILLED, B_LAPSE,
    B_REVENUE, B_COST, B_MARGIN, B_SINCE, B_LOOK, B_WAS, B_REFERRER, B_GONE_AT, B_LEFT_AT, B_ROOT_ACQUIRED,
    B_ROOT_GROUP,
    B_ASKED, B_CONTACTED, B_CHANNEL, B_BORN, B_CHURNED, B_STEP, B_REFERRALS, B_MRR_EVER, B_MONTH,
    B_MONTH_MRR, B_MONTH_GROUP, B_SPONSOR,
    B_SPONSOR_ACQUIRED, B_SPONSOR_GROUP, B_CHILDREN, B_REFERRED, B_BROUGHT, B_LINK, B_OLDER, B_YOUNGER, B_BROOD,
    B_SIBLING, B_SISTER, B_ORPHAN, PERSON,
) = range(53)  # fmt: skip

#: Somebody waiting to live: link, then what they start with, then attributes of the referrer.
(
    Y_LINK, Y_KEY, Y_CHANNEL, Y_BORN, Y_GENERATION, Y_SPONSOR, Y_SPONSOR_ACQUIRED, Y_SPONSOR_GROUP, Y_ROOT_ACQUIRED,
    Y_ROOT_GROUP, Y_REFERRER, Y_GONE_AT, WAITING,
) = range(13)  # fmt: skip

#: Decisions that wait to be drawn together, one list after another of `DRAWS` words each: keys, codes and counters;
#: the random numbers drawn, as 64 bits and as uniforms; and whose clock each of them starts.
D_KEYS, D_CODES, D_COUNTERS, D_RANDOM, D_UNIFORMS, D_PEOPLE, D_CLOCKS, D_LISTS = range(8)
DRAWS = 512
#: Arrivals of a channel are drawn so many at a time.
AHEAD = 64
