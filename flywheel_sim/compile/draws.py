"""Keyed draws and the arithmetic that engines share: luck belongs to a person and a decision.

A block of randomness is Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers:
as easy as 1, 2, 3", doi:10.1145/2063384.2063405) of

    key      seed, replication
    counter  person key (64 bits), decision (hash of its dotted name), visit << 20 | firing

so a draw depends on who decides what for which time, never on the order of computing. Everything is
compiled with an explicit signature: 64-bit keys travel as int64 bit patterns, because numba hands
uint64 back as a Python int and would take it again as another type. Only scalar transcendentals are
used; numpy's array versions differ from them in the last bit.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np

from flywheel_sim.compile.arithmetic import exp, log
from flywheel_sim.compile.cache import jit as _jit

#: Highest firing within a visit, and highest visit to a stage, that a counter can hold.
MAX_FIRINGS = 1 << 20
MAX_VISITS = 1 << 12

#: Knots of an inverse-CDF table.
KNOTS = 1025

#: No sum of money reaches this, in millionths of the currency, so that sums of two stay whole numbers of 64 bits.
TOO_LARGE = 1 << 62
_MOST, _LEAST = float(TOO_LARGE), -float(TOO_LARGE + 1024)  # the last that a ledger does not take, either way

#: A twelfth of a 365-day year.
MONTH_MS = 2_628_000_000


def decision_hash(name: str) -> int:
    """Return the 32-bit hash of a decision's dotted name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "little")


def name_key(name: str) -> int:
    """Return the 64-bit hash of a name as an int64 bit pattern."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little", signed=True)


@_jit("UniTuple(uint32, 4)(uint32, uint32, uint32, uint32, uint32, uint32)", forceinline=True)
def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Return the Philox4x32-10 block of a counter (four words) and a key (two words)."""
    for _ in range(10):
        p0 = np.uint64(0xD2511F53) * np.uint64(c0)
        p1 = np.uint64(0xCD9E8D57) * np.uint64(c2)
        low = np.uint64(0xFFFFFFFF)
        shift = np.uint64(32)
        n0 = np.uint32(p1 >> shift) ^ c1 ^ k0
        n1 = np.uint32(p1 & low)
        n2 = np.uint32(p0 >> shift) ^ c3 ^ k1
        n3 = np.uint32(p0 & low)
        c0, c1, c2, c3 = n0, n1, n2, n3
        k0 = np.uint32(np.uint64(k0) + np.uint64(0x9E3779B9) & low)
        k1 = np.uint32(np.uint64(k1) + np.uint64(0xBB67AE85) & low)
    return c0, c1, c2, c3


@_jit("Tuple((int64, float64))(int64, int64, int64, int64, int64)", forceinline=True)
def draw(seed, replication, person, decision, counter):  # type: ignore[no-untyped-def]
    """Return a decision's luck: a 32-bit word for its outcome, and a uniform in [0, 1) of 53 bits.

    Parameters
    ----------
    seed, replication
        Whole numbers below 2^32.
    person
        Person key.
    decision
        Hash of the decision's name.
    counter
        Visit << 20 | firing.
    """
    bits = np.uint64(person)
    w0, w1, w2, _ = philox(
        np.uint32(bits & np.uint64(0xFFFFFFFF)),
        np.uint32(bits >> np.uint64(32)),
        np.uint32(decision),
        np.uint32(counter),
        np.uint32(seed),
        np.uint32(replication),
    )
    high = np.uint64(w1 >> np.uint32(5))
    low = np.uint64(w2 >> np.uint32(6))
    uniform = (np.float64(high) * 67108864.0 + np.float64(low)) / 9007199254740992.0
    return np.int64(w0), uniform


@_jit("int64(int64, int64, int64)", forceinline=True)
def child_key(parent, decision, number):  # type: ignore[no-untyped-def]
    """Return the key of the n-th person that a parent key brings by a decision.

    Two rounds of the splitmix64 finaliser (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
    """
    z = np.uint64(parent)
    for part in (np.uint64(decision), np.uint64(number)):
        z = z + np.uint64(0x9E3779B97F4A7C15) + part
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return np.int64(z)


@_jit("int64(float64)", forceinline=True)
def threshold(chance):  # type: ignore[no-untyped-def]
    """Return the bound below which a 32-bit word means an outcome of this chance."""
    return np.int64(math.floor(chance * 4294967296.0 + 0.5))


@_jit("float64(float64)", forceinline=True)
def unit_exponential(uniform):  # type: ignore[no-untyped-def]
    """Return the unit-exponential quantile of a uniform."""
    return -log(1.0 - uniform)


@_jit("float64(float64)")
def normal_quantile(p):  # type: ignore[no-untyped-def]
    """Return the standard normal quantile: Wichura 1988, AS 241 (PPND16), doi:10.2307/2347330."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = ((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
                  + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
               + 133.14166789178437745) * r + 3.387132872796366608  # fmt: skip
        bottom = ((((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
                     + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r
                  + 42.313330701600911252) * r + 1.0  # fmt: skip
        return q * top / bottom
    r = p if q < 0 else 1.0 - p
    if r <= 0.0:
        return -math.inf if q < 0 else math.inf
    r = math.sqrt(-log(r))
    if r <= 5.0:
        r -= 1.6
        top = ((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r
                  + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r
               + 4.6303378461565452959) * r + 1.42343711074968357734  # fmt: skip
        bottom = ((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r
                     + 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r
                  + 2.05319162663775882187) * r + 1.0  # fmt: skip
    else:
        r -= 5.0
        top = ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r
                  + 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r
               + 5.4637849111641143699) * r + 6.6579046435011037772  # fmt: skip
        bottom = ((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r
                      + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r
                   + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1.0  # fmt: skip
    return -top / bottom if q < 0 else top / bottom


@_jit("int64(float64, int64)", forceinline=True)
def whole_ms(wait, longest):  # type: ignore[no-untyped-def]
    """Return a drawn wait in whole milliseconds, at most ``longest``; NaN counts as longest."""
    if not wait < longest:
        return longest
    if wait < 0.0:
        return np.int64(0)
    return np.int64(math.floor(wait + 0.5))


@_jit("int64(float64, float64, int64)", forceinline=True)
def memoryless_wait(work, rate, longest):  # type: ignore[no-untyped-def]
    """Return how long unit-exponential work takes at a rate per ms."""
    if rate <= 0.0:
        return longest
    return whole_ms(work / rate, longest)


@_jit("float64(float64, float64, int64)", forceinline=True)
def work_left(work, rate, elapsed):  # type: ignore[no-untyped-def]
    """Return the work left after running down at a rate per ms for a time."""
    return max(work - rate * elapsed, 0.0)


@_jit("int64(float64, float64, float64, int64)")
def uniform_wait(uniform, low, high, longest):  # type: ignore[no-untyped-def]
    """Return a wait between two ends."""
    return whole_ms(low + (high - low) * uniform, longest)


@_jit("float64(float64[::1], float64)")
def from_table(table, rank):  # type: ignore[no-untyped-def]
    """Return the value of an inverse-CDF table at a rank in [0, 1).

    Knots lie evenly in s, where rank = s^2 / (s^2 + (1 - s)^2): dense at both ends, and the way back
    takes two square roots, which are exact to the last bit everywhere.
    """
    root, other = math.sqrt(rank), math.sqrt(1.0 - rank)
    at = root / (root + other) * (table.shape[0] - 1)
    index = min(np.int64(at), table.shape[0] - 2)
    share = at - index
    return table[index] + (table[index + 1] - table[index]) * share


@_jit("int64(float64)", forceinline=True)
def whole_money(amount):  # type: ignore[no-untyped-def]
    """Return an amount in whole millionths, halves to even; beyond what a ledger takes the nearest that it does not."""
    return np.int64(np.rint(min(max(amount, _LEAST), _MOST)))


@_jit("int64(float64, float64, int64)", forceinline=True)
def discounted(amount, force, age):  # type: ignore[no-untyped-def]
    """Return an amount discounted over an age at a force of interest per ms, in whole millionths."""
    if force == 0.0:
        return whole_money(amount)
    return whole_money(amount * exp(-force * age))


@_jit("int64(float64, float64, int64, int64)")
def discounted_flow(price, force, begin, end):  # type: ignore[no-untyped-def]
    """Return what accrues at a price per ms between two ages, discounted, in whole millionths."""
    if force <= 0.0:
        return whole_money(price * (end - begin))
    span = -math.expm1(-force * (end - begin)) / force
    return whole_money(price * exp(-force * begin) * span)


#: Numbers of the kinds of distribution that `quantile` knows; waits of the first three are no draws of it.
KINDS: tuple[str, ...] = (
    "fixed", "memoryless", "at", "exponential", "uniform", "triangular", "lognormal", "weibull", "gamma", "empirical",
)  # fmt: skip
EXPONENTIAL, UNIFORM, TRIANGULAR, LOGNORMAL, WEIBULL, GAMMA, EMPIRICAL = range(3, 10)


@_jit("float64(int64, float64, float64, float64, float64)")
def closed_quantile(kind, uniform, a, b, c):  # type: ignore[no-untyped-def]
    """Return the quantile of a distribution that needs no table; parameters as for `quantile`."""
    if kind == EXPONENTIAL:
        return a * unit_exponential(uniform)
    if kind == UNIFORM:
        return a + (b - a) * uniform
    if kind == TRIANGULAR:
        width = c - a
        if width <= 0.0:
            return a
        if uniform * width < b - a:
            return a + math.sqrt(uniform * width * (b - a))
        return c - math.sqrt((1.0 - uniform) * width * (c - b))
    if kind == LOGNORMAL:
        return a * exp(b * normal_quantile(uniform))
    return a * exp(log(unit_exponential(uniform)) / b) if uniform > 0.0 else 0.0


@_jit("float64(int64, float64, float64, float64, float64, float64[::1])")
def quantile(kind, uniform, a, b, c, table):  # type: ignore[no-untyped-def]
    """Return the quantile of a distribution at a uniform in [0, 1).

    Parameters
    ----------
    kind
        Index into `KINDS`, from exponential on.
    a, b, c
        Parameters in the order of `figures.Dist`; those it does not have are ignored.
    table
        For gamma the quantiles at the knots for mean 1; for empirical the sample, ascending.
    """
    if kind == GAMMA:
        return a * from_table(table, uniform)
    if kind == EMPIRICAL:
        return table[min(np.int64(uniform * table.shape[0]), table.shape[0] - 1)]
    return closed_quantile(kind, uniform, a, b, c)


@_jit("int64(int64, int64)", forceinline=True)
def month_at(phase, now):  # type: ignore[no-untyped-def]
    """Return the month of the year, 0 to 11, at a time of a run that starts a phase into the year, in ms."""
    return (phase + now) // MONTH_MS % 12


@_jit("int64(int64, int64)", forceinline=True)
def next_month(phase, now):  # type: ignore[no-untyped-def]
    """Return when the next month begins."""
    return ((phase + now) // MONTH_MS + 1) * MONTH_MS - phase


@_jit("int64(float64, float64)", forceinline=True)
def monthly(amount, per_month):  # type: ignore[no-untyped-def]
    """Return recurring revenue by the month in whole millionths: an amount, times a factor.

    The factor is month / period for an invoice, a month for a price per ms.
    """
    return whole_money(amount * per_month)


@_jit("int64(int64)", forceinline=True)
def wait_cell(wait):  # type: ignore[no-untyped-def]
    """Return the cell of a wait in ms: itself below 32, and 16 cells to a doubling from there on."""
    shift = 0
    while wait >> shift >= 32:
        shift += 1
    return 16 * shift + (wait >> shift)
