"""Drugs of the synthetic hospital: what its orders choose from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Drug:
    """`doses` are usual doses in thousandths of a dispensed unit; `times_a_day` 0 means as needed."""

    item: str
    name: str
    doses: tuple[int, ...]
    times_a_day: int


_WHOLE = (1000,)
_ONE_OR_TWO = (1000, 2000)

DRUGS = (
    Drug("ACET325", "Acetaminophen 325 mg tablet", (2000,), 0),
    Drug("ACET500", "Acetaminophen 500 mg tablet", _ONE_OR_TWO, 3),
    Drug("ALBU3N", "Albuterol 2.5 mg/3 mL nebule", _WHOLE, 4),
    Drug("AMLO5", "Amlodipine 5 mg tablet", _ONE_OR_TWO, 1),
    Drug("ASPI81", "Aspirin 81 mg chewable tablet", _WHOLE, 1),
    Drug("ATOR40", "Atorvastatin 40 mg tablet", (1000, 2000), 1),
    Drug("BISA10R", "Bisacodyl 10 mg suppository", _WHOLE, 0),
    Drug("CEFA1I", "Cefazolin 1 g vial", _ONE_OR_TWO, 3),
    Drug("CEFT1I", "Ceftriaxone 1 g vial", _ONE_OR_TWO, 1),
    Drug("CLON05", "Clonazepam 0.5 mg tablet", (500, 1000), 2),
    Drug("DIPH25", "Diphenhydramine 25 mg capsule", _WHOLE, 0),
    Drug("DOCU100", "Docusate 100 mg capsule", _WHOLE, 2),
    Drug("ENOX40", "Enoxaparin 40 mg syringe", (750, 1000), 1),
    Drug("FAMO20", "Famotidine 20 mg tablet", _WHOLE, 2),
    Drug("FENT100I", "Fentanyl 100 mcg/2 mL ampule", (250, 500, 1000), 0),
    Drug("FURO40I", "Furosemide 40 mg/4 mL vial", (500, 1000, 2000), 2),
    Drug("GABA300", "Gabapentin 300 mg capsule", _ONE_OR_TWO, 3),
    Drug("HALO5I", "Haloperidol 5 mg/1 mL vial", (200, 500, 1000), 0),
    Drug("HEPA5I", "Heparin 5,000 units/1 mL vial", _WHOLE, 3),
    Drug("HYDR1I", "Hydromorphone 1 mg/1 mL syringe", (250, 500, 1000), 0),
    Drug("INSL100P", "Insulin lispro 100 units/mL pen", _WHOLE, 0),
    Drug("KETO15I", "Ketorolac 15 mg/1 mL vial", _ONE_OR_TWO, 3),
    Drug("LACO100", "Lacosamide 100 mg tablet", _WHOLE, 2),
    Drug("LEVE500", "Levetiracetam 500 mg tablet", _ONE_OR_TWO, 2),
    Drug("LISI10", "Lisinopril 10 mg tablet", (500, 1000, 2000), 1),
    Drug("LORA2I", "Lorazepam 2 mg/1 mL vial", (250, 500, 1000), 0),
    Drug("MELA3", "Melatonin 3 mg tablet", _ONE_OR_TWO, 0),
    Drug("METO25", "Metoprolol tartrate 25 mg tablet", (500, 1000, 2000), 2),
    Drug("METR500", "Metronidazole 500 mg/100 mL bag", _WHOLE, 3),
    Drug("MIDA2I", "Midazolam 2 mg/2 mL vial", (500, 1000), 0),
    Drug("MORP4I", "Morphine 4 mg/1 mL syringe", (500, 1000), 0),
    Drug("NALO4I", "Naloxone 0.4 mg/1 mL vial", (500, 1000), 0),
    Drug("ONDA4I", "Ondansetron 4 mg/2 mL vial", _WHOLE, 0),
    Drug("OXYC5", "Oxycodone 5 mg tablet", _ONE_OR_TWO, 0),
    Drug("PANT40", "Pantoprazole 40 mg tablet", _WHOLE, 1),
    Drug("PIPE4I", "Piperacillin-tazobactam 4.5 g vial", _WHOLE, 4),
    Drug("POTA10B", "Potassium chloride 10 mEq/100 mL bag", _ONE_OR_TWO, 0),
    Drug("POTA20", "Potassium chloride 20 mEq packet", _ONE_OR_TWO, 2),
    Drug("PRED10", "Prednisone 10 mg tablet", (500, 1000, 2000, 4000), 1),
    Drug("PREG75", "Pregabalin 75 mg capsule", _WHOLE, 2),
    Drug("QUET25", "Quetiapine 25 mg tablet", (500, 1000), 0),
    Drug("SENN86", "Senna 8.6 mg tablet", _ONE_OR_TWO, 2),
    Drug("TAMS04", "Tamsulosin 0.4 mg capsule", _WHOLE, 1),
    Drug("TRAM50", "Tramadol 50 mg tablet", _ONE_OR_TWO, 0),
    Drug("VANC1I", "Vancomycin 1 g/200 mL bag", _WHOLE, 2),
    Drug("WARF5", "Warfarin 5 mg tablet", (500, 1000), 1),
    Drug("ZOLP5", "Zolpidem 5 mg tablet", _WHOLE, 0),
)
