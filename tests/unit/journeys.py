"""Small journeys that several tests share: milliseconds to run, every kind of money and move in them."""

from flywheel_sim.scenario.load import loads

#: Prospects, people set aside, customers with one-off, recurring and accruing money, win-back, referral.
CLUB = """
name: Club
horizon: 12 months
follow: 5 months
currency: EUR
discount: 10 % per year
seed: 3
report_by: [plan]
rates:
  sold:      {value: 40 %, why: "share of trials that end in a membership"}
  retention: {value: 85 % per month, why: "renewals in the billing records"}
  price:     {value: 12.50 per month, why: "list price"}
  inviting:  {value: 0.15 per month, why: "sign-up survey"}
attributes:
  plan: [basic, premium]
channels:
  ads:     {spend: 300 per month, cost_per_arrival: 30, enters: visitor}
  fair:    {batch: 30, cost_per_batch: 90, enters: visitor}
  friends: {enters: visitor}
  base:    {present: 12, enters: member}
journey:
  visitor:
    role: prospect
    after: {exponential: 10 days}
    to: {trial: {chance: 70 %, spend: {kit: 1.5}}, unfit: 10 %, lost: rest}
  trial:
    role: prospect
    after: {exponential: 15 days}
    to: {member: {chance: sold, earn: {joining: 20}}, lost: rest}
  member:
    role: customer
    spend: {support: 2 per month}
    earn: {platform: price}
    events:
      renewal: {every: 1 month, to: {stay: {chance: retention, earn: {club: 7}}, lapsed: rest}}
      invite:  {every: inviting, refer: friends, spend: {reward: 3}}
      upsell:  {after: 0.1 per month, set: {plan: premium}}
  lapsed:
    role: lapsed
    events:
      win_back: {after: {exponential: 30 days}, spend: {letters: 0.75}, to: {member: 40 %, lost: rest}}
  unfit: aside
  lost: exit
strategies:
  quiet: {without: [invite]}
  loud: {}
  louder: {rates: {inviting: 0.30 per month}}
"""

#: One customer who pays 2 a month for 25 months, the first time at acquisition, and cost 2,000 to win.
DEAR = """
name: Dear customer
horizon: 24 months
follow: 24 months
currency: USD
channels: {broker: {batch: 1, cost_per_batch: 2000, enters: client}}
journey:
  client:
    role: customer
    on_entry: {earn: {fee: 2}}
    events:
      renewal: {every: 1 month, earn: {fee: 2}}
"""

#: The quickest of all: money on one line, decided at once, no clocks.
COINS = """
name: Coins
horizon: 1 month
currency: EUR
rates: {heads: {value: 50 %, why: "a fair coin"}}
channels: {purse: {batch: 40, enters: toss}}
journey:
  toss: {role: prospect, to: {won: {chance: heads, earn: {prize: 2}}, lost: rest}}
  won: customer
  lost: exit
"""

#: One person who runs in circles until the engine's limit on visits.
LOOP = """
name: Loop
horizon: 1 month
channels: {gate: {batch: 1, enters: a}}
journey:
  a: {role: prospect, after: 1 second, to: b}
  b: {role: prospect, after: 1 second, to: a}
"""


def club(**values):
    """Return the club, with other values where given."""
    model = loads(CLUB)
    return model.with_(**values) if values else model
