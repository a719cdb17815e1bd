"""Word lists for clustering English headlines: stop words, weak words and places; other languages do without.

Weak words are those that headlines on unlike events share ("report", "dies", "2014"); places are countries, their
peoples and capitals: two events in one country share its name and nothing else.
"""

_STOP = """
a an the and or nor of to in on for at by with from as is are was were be been being am has have had do does did will
would can could may might must shall should it its this that these those he she him his her hers they them their
theirs you your yours we us our ours i me my not no but if than then so such after before over under into onto about up
down out off new says say said via vs amid among between during while when where what which who whom whose why how
here there just also only very more most much many some any all each every other another both own same too yet still
again against through across because until since per
"""
_WEAK = """
report reports day days week weeks month months year years today tonight yesterday tomorrow monday tuesday wednesday
thursday friday saturday sunday january february march april june july august september october november december
one two three four five six seven eight nine ten first second third last next big top best worst high higher low lower
man men woman women people person child children kid family police official officials government president minister
company companies market stock share price sale million billion trillion percent cent per study research researcher
found find show shows get gets make makes take takes see sees look looks want wants need needs give gives come comes go
goes know think call calls set sets say plan plans could may will face faces hit hits rise rises fall falls drop drops
gain gains lose loses win wins beat beats open opens close closes start starts end ends begin back return returns
kill killed dies die dead death injured attack crash fire case court law bill vote election deal talk talks meeting
world nation national international country state city town local home house news update live video photo photos
watch review analysis opinion exclusive breaking time times thing things way life work job money old young good bad
great free full long short early late near around inside latest reveal reveals revealed announce announces announced
launch launches launched release releases released ask asks tell tells told help use used user
"""
_LANDS = """
afghanistan afghan albania algeria america american americans argentina armenia australia australian austria azerbaijan
bangladesh belarus belgium bolivia bosnia brazil brazilian britain british bulgaria cambodia cameroon canada canadian
chile china chinese colombia congo croatia cuba cyprus czech denmark danish dutch ecuador egypt egyptian england
english eritrea estonia ethiopia eu europe european finland finnish france french gaza georgia german germany ghana
greece greek guatemala haiti honduras hungary iceland india indian indonesia iran iranian iraq iraqi ireland irish
israel israeli italian italy jamaica japan japanese jordan kazakhstan kenya korea korean kosovo kuwait latvia lebanon
libya lithuania malaysia malaysian mali malta mexican mexico moldova mongolia morocco mozambique myanmar nepal
netherland nigeria nigerian norway norwegian pakistan pakistani palestinian palestine panama paraguay peru philippine
poland polish portugal qatar romania russia russian rwanda saudi scotland scottish senegal serbia singapore slovakia
slovenia somalia spain spanish sudan swede sweden swedish switzerland swiss syria syrian taiwan tanzania thai thailand
tunisia turkey turkish uganda uk ukraine ukrainian un uruguay us usa uzbekistan venezuela vietnam vietnamese wale
yemen zambia zimbabwe africa african asia asian
london paris berlin moscow kyiv kiev beijing tokyo delhi washington rome madrid brussel vienna athen cairo tehran
baghdad kabul jerusalem ankara istanbul warsaw prague budapest ottawa canberra seoul bangkok jakarta nairobi york
"""


def _folded(words: str) -> frozenset[str]:
    """Return the words of a list, each also without a plural's ``s``, as terms are written."""
    listed = words.split()
    return frozenset(listed) | {
        word[:-1]
        for word in listed
        if len(word) > 3 and word.endswith("s") and not word.endswith("ss")  # noqa: PLR2004
    }


STOP_WORDS = frozenset(_STOP.split())
WEAK_WORDS = _folded(_WEAK)
PLACES = _folded(_LANDS)
