"""Federal schedules (21 CFR 1308) of the generic names met in hospitals; everything else counts as not scheduled.

Written by hand. Gabapentin and propofol are not scheduled federally and so are absent.
"""

import re

SCHEDULE_2 = (
    "alfentanil amphetamine cocaine codeine dexmethylphenidate dextroamphetamine fentanyl hydrocodone hydromorphone "
    "levorphanol lisdexamfetamine meperidine methadone methamphetamine methylphenidate morphine nabilone opium "
    "oxycodone oxymorphone pentobarbital remifentanil secobarbital sufentanil tapentadol"
)
SCHEDULE_3 = "buprenorphine butabarbital butalbital dronabinol ketamine nandrolone oxandrolone testosterone thiopental"
SCHEDULE_4 = (
    "alprazolam armodafinil butorphanol carisoprodol chlordiazepoxide clobazam clonazepam clorazepate diazepam "
    "eszopiclone flurazepam lemborexant lorazepam meprobamate methohexital midazolam modafinil oxazepam pentazocine "
    "phenobarbital phentermine remimazolam suvorexant temazepam tramadol triazolam zaleplon zolpidem"
)
SCHEDULE_5 = "brivaracetam cenobamate diphenoxylate lacosamide pregabalin"

SCHEDULES = {
    name: schedule
    for schedule, names in ((2, SCHEDULE_2), (3, SCHEDULE_3), (4, SCHEDULE_4), (5, SCHEDULE_5))
    for name in names.split()
}
# Codeine counts lower when it is compounded with these.
CODEINE_COMPOUNDS = {"acetaminophen": 3, "apap": 3, "aspirin": 3, "butalbital": 3, "guaifenesin": 5, "promethazine": 5}


def schedule_of(*names: str) -> int:
    """The strictest schedule, 2..5, of the generic words in `names` of one product; 0 if none is scheduled."""
    words = {word for name in names for word in re.findall(r"[a-z]+", name.lower())}
    found = {SCHEDULES[word] for word in words if word in SCHEDULES and word != "codeine"}
    if "codeine" in words:
        found.add(min((CODEINE_COMPOUNDS[word] for word in words if word in CODEINE_COMPOUNDS), default=2))
    return min(found, default=0)
