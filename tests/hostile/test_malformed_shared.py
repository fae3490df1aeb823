"""The words of what all share used wrongly: refused with place, value, rule and remedy."""

import pytest
from edits import check_column, check_refused, edited, problems_of
from test_malformed_coupled import BASE

# fmt: off
CASES: list[tuple[str, str, str, str, str, str, str, str]] = [
    # name, old text, new text, line:column, path, value, piece of the rule, piece of the remedy
    ("a mean of nothing known", "mean_of: mood", "mean_of: moood", "15:19", "attributes.news.mean_of", "moood",
     "no attribute of the file's own", "did you mean 'mood'?"),
    ("a mean of a stopwatch", "mean_of: mood", "mean_of: since", "15:19", "attributes.news.mean_of", "since",
     "a mean is of named levels or of a counter, and 'since' is a stopwatch",
     "name an attribute such as [basic, premium] or"),
    ("a mean of a mean", "{mean_of: score, among", "{mean_of: news, among", "16:20", "attributes.level.mean_of",
     "news", "a mean is of named levels or of a counter, and 'news' is shared by all",
     "name an attribute such as [basic, premium] or"),
    ("a mean of what is built in", "{mean_of: score, among", "{mean_of: generation, among", "16:20",
     "attributes.level.mean_of", "generation", "no attribute of the file's own", "known: mood, plan, score"),
    ("a mean without weights", "weights: {sour: -1.5, sweet: 1}, ", "", "15:3", "attributes.news.weights", "",
     "'weights' is required: what each level of 'mood' counts", "write weights: {sour: 0, sweet: 1}"),
    ("a mean without people", ", among: customer", "", "15:3", "attributes.news.among", "", "'among' is required",
     "add among: ..."),
    ("a mean without a start", "among: customer, starts: 0", "among: customer", "15:3", "attributes.news.starts", "",
     "'starts' is required", "add starts: ..."),
    ("a mean of what is not said", "{mean_of: score, among", "{among", "16:3", "attributes.level.mean_of", "",
     "'mean_of' is required", "add mean_of: ..."),
    ("a mean's key misspelt", "{mean_of: score, among", "{mean_of: score, waits: {a: 1}, among", "16:27",
     "attributes.level.waits", "", "'waits' is not known here", "did you mean 'weights'?"),
    ("weights of a counter", "{mean_of: score, among", "{mean_of: score, weights: {low: 1}, among", "16:27",
     "attributes.level.weights", "", "levels have weights, and the counter 'score' has none",
     "remove them: a counter weighs its number"),
    ("a counter too large for a mean", "score: {counts: 0 to 100}", "score: {counts: 0 to 2_000_000}", "16:20",
     "attributes.level.mean_of", "score", "a mean is of counts within 1000000, and 'score' goes beyond",
     "count fewer"),
    ("a level without a weight", "{sour: -1.5, sweet: 1}", "{sour: -1.5}", "15:25", "attributes.news.weights", "",
     "every level of 'mood' has a weight", "add sweet"),
    ("a weight of no level", "{sour: -1.5, sweet: 1}", "{sour: -1.5, sweet: 1, bitter: 2}", "15:57",
     "attributes.news.weights.bitter", "", "'bitter' is no level of 'mood'", "known: sour, sweet"),
    ("a weight in per cent", "sweet: 1}", "sweet: 10 %}", "15:54", "attributes.news.weights.sweet", "10 %",
     "a weight is a number from -1000 to 1000 with at most 6 decimals", "write -1, or 0.5"),
    ("a weight beyond a thousand", "sweet: 1}", "sweet: 1001}", "15:54", "attributes.news.weights.sweet", "1001",
     "a weight is a number from -1000 to 1000 with at most 6 decimals", "write -1, or 0.5"),
    ("a weight of seven decimals", "sweet: 1}", "sweet: 0.1234567}", "15:54", "attributes.news.weights.sweet",
     "0.1234567", "a weight is a number from -1000 to 1000 with at most 6 decimals", "write -1, or 0.5"),
    ("a weight by name", "sweet: 1}", "sweet: keeps}", "15:54", "attributes.news.weights.sweet", "keeps",
     "a figure belongs here, not a name", "write a number with its unit"),
    ("a start in per cent", "among: customer, starts: 0", "among: customer, starts: 10 %", "15:83",
     "attributes.news.starts", "10 %", "what a mean starts at is a number from -1000 to 1000 with at most 6 decimal",
     "write -1, or 0.5"),
    ("a start of four decimals for a counter", "starts: 10", "starts: 10.0001", "16:59", "attributes.level.starts",
     "10.0001", "what a mean starts at is a number from -1000000 to 1000000 with at most 3 d", "write -1, or 0.5"),
    ("people of a role misspelt", "among: customer", "among: custmer", "15:65", "attributes.news.among", "custmer",
     "no role, phase or stage of this file", "did you mean 'customer'?"),
    ("people of a stage misspelt in a list", "among: [visit, member]", "among: [visit, membr]", "16:42",
     "attributes.level.among.1", "membr", "no stage of that name", "did you mean 'member'?"),
    ("people of a stage twice", "among: [visit, member]", "among: [visit, visit]", "16:42",
     "attributes.level.among.1", "visit", "this stage stands twice", "name it once"),
    ("people of a role in a list", "among: [visit, member]", "among: [visit, customer]", "16:42",
     "attributes.level.among.1", "customer", "no stage of that name", "known: gone, left, member, visit"),
    ("people of no stage", "among: [visit, member]", "among: []", "16:27", "attributes.level.among", "",
     "the list is empty", "name a role, a phase or stages"),
    ("a level of a mean that is none", "{-1: 10 %, 0.5: 40 %}", "{-1: 10 %, good: 40 %}", "8:45",
     "rates.buys.by.news.good", "", "levels of 'news' are numbers, not 'good'", "write -0.5, or 3"),
    ("a level of a mean in per cent", "{-1: 10 %, 0.5: 40 %}", "{-1: 10 %, 50 %: 40 %}", "8:45",
     "rates.buys.by.news.50 %", "", "levels of 'news' are numbers, not '50 %'", "write -0.5, or 3"),
    ("a level beyond a mean", "{-1: 10 %, 0.5: 40 %}", "{-1: 10 %, 1.5: 40 %}", "8:45", "rates.buys.by.news.1.5", "",
     "'news' never reaches 1.5", "it lies between -1.5 and 1"),
    ("a level of a mean of seven decimals", "{-1: 10 %, 0.5: 40 %}", "{-1: 10 %, 0.1234567: 40 %}", "8:45",
     "rates.buys.by.news.0.1234567", "", "levels of 'news' have at most 6 decimals, not '0.1234567'", "round it"),
    ("a level of a mean twice", "{-1: 10 %, 0.5: 40 %}", "{0.50: 10 %, 0.5: 40 %}", "8:47", "rates.buys.by.news.0.5",
     "", "'0.5' and '0.50' are one level", "keep one of them"),
    ("levels of a mean without the lowest", "{value: 30 %, by: {news", "{by: {news", "8:10", "rates.buys.by", "",
     "without a 'value' every level of 'news' must be given", "add -1.5, or a value"),
    ("a chance too large in a cell of a mean", "0.5: 40 %}", "0.5: 140 %}", "8:50", "rates.buys.by.news.0.5", "140 %",
     "a chance lies between 0 % and 100 %, but the cell news from 0.5 is 140 %", "mend the figure or its factors"),
    ("a mean waited for that is never reached", "{news: 0.75}", "{news: 2}", "38:27",
     "journey.visit.events.good.when.news", "2", "'news' never reaches 2", "it lies between -1.5 and 1"),
    ("a mean waited for in days", "{news: 0.75}", "{news: 2 days}", "38:27", "journey.visit.events.good.when.news",
     "2 days", "levels of 'news' are numbers, not '2 days'", "write -0.5, or 3"),
    ("a mean set", "set: {mood: sweet}", "set: {news: 1}", "44:55", "journey.member.events.tell.set.news", "",
     "'news' is shared by all and cannot be set", "use an attribute of each person's own"),
    ("a mean copied", "set: {mood: sweet}", "set: {score: level}", "44:62", "journey.member.events.tell.set.score",
     "level", "'level' is shared by all and cannot be copied", "write 0"),
    ("a mean added to", "set: {mood: sweet}", "add: {level: 1}", "44:55", "journey.member.events.tell.add.level", "",
     "'level' is shared by all and cannot be added to", "use an attribute of each person's own"),
    ("a mean inherited", "inherits: [plan]", "inherits: [news]", "20:21", "channels.word.inherits.0", "news",
     "'news' is shared by all and cannot be inherited", "leave it out"),
    ("a mean to group by", "warm_up: 2 months", "report_by: [news]", "6:13", "report_by.0", "news",
     "only an attribute with named levels makes groups", "leave it out"),
    ("arrivals by a mean", "ads: {rate: 30 per month", "ads: {rate: {value: 30 per month, by: {news: {0: 40}}}",
     "18:9", "channels.ads.rate", "", "a channel's figure depends on 'calendar' and 'month' alone",
     "write by: {calendar: {0 months: 300 per month, 6 months: 450 per month}}"),
]
# fmt: on

BY_NAME = {case[0]: case for case in CASES}


def test_the_names_of_the_cases_differ():
    assert len(BY_NAME) == len(CASES) >= 35


@pytest.mark.parametrize("name", BY_NAME)
def test_a_wrong_use_says_place_value_rule_and_remedy(name):
    check_refused(BASE, BY_NAME[name])


@pytest.mark.parametrize("name", BY_NAME)
def test_the_column_points_at_the_value_or_its_key(name):
    check_column(BASE, BY_NAME[name])


def test_a_mean_among_a_name_of_two_kinds_says_which():
    text = edited(BASE, "among: [visit, member]", "among: left").replace("phase: growth", "phase: left")
    (problem,) = problems_of(text)
    assert (problem.path, problem.remedy) == ("attributes.level.among", "list the stages that are meant")
