# SPDX-License-Identifier: BSD-2-Clause
"""Invented artists, albums and titles: plausible, different, and the same for the same seed."""

FIRST = """Ada Abel Alba Amara Anders Anton Aurelia Basil Beatriz Bruno Carla Cato Celia Clement Dario
Delia Dinah Edda Elias Elin Emil Esra Esteban Fabian Farida Felix Flora Gaspard Greta Gustav Hana
Hector Helga Hugo Ida Ilse Imani Ines Isak Ivo Jasper Joana Jonas Kaito Karla Kemal Lara Leander Leila
Lena Lorenz Lucia Magda Marek Marisol Mateo Milan Mira Nadia Nando Nils Nora Odile Olek Orla Otis Paloma
Pavel Petra Quentin Rafael Ramona Rhea Rosa Ruben Sanna Selma Silvio Soraya Stellan Tamar Teo Thea Tomas
Ulla Valentin Vera Viggo Wanda Willem Xenia Yara Yusuf Zelda Zoran""".split()

LAST = """Abello Adair Almqvist Amado Ashby Banford Barrow Beaumont Bellini Bergstrom Bracken Calder
Cardona Castell Coldwell Corrigan Dahl Delmonte Drummond Duarte Eastman Ekstrom Fairweather Falk Ferrand
Finch Fontaine Galloway Garnet Granger Halloran Hartwell Hawthorn Holm Ibarra Jansen Jessop Kestrel
Kowal Lachlan Lambert Larkin Leclerc Lindqvist Lockhart Madigan Marchetti Marlow Mendel Montoya Moreau
Navarro Nightingale Norwood Oakley Okoro Olmstead Orsini Pardo Pembroke Pereira Quill Quintero Radcliffe
Ravel-Smith Redfern Rinaldi Rosewood Salcedo Santoro Sorensen Sterling Sundberg Tamura Thackeray Tolliver
Underhill Valdez Vance Vickers Wakefield Waring Westlake Winslow Yardley Zamora Zeller""".split()

ADJECTIVE = """Amber Ashen Blue Bright Broken Copper Crooked Crystal Distant Early Electric Empty Faded
Golden Gentle Hidden Hollow Idle Ivory Last Late Lonely Lost Lucky Midnight Neon Northern Old Open Paper
Patient Quiet Restless Rising Rolling Royal Rusty Scarlet Secret Silent Silver Sleepless Slow Southern
Stolen Summer Sunday Tender Velvet Wandering Wild Winter""".split()

NOUN = """Avenue Balcony Bell Boat Bridge Candle Carousel Cinema City Clock Corner Curtain Dancer Dawn
Diary Door Echo Feather Fire Garden Gate Harbour Heart Highway Hotel Island Kite Lantern Letter Lighthouse
Line Lullaby Market Meadow Mirror Moon Morning Ocean Orchard Parade Passenger Photograph Picture Platform
Postcard Promise Rain River Road Room Rose Season Secret Shadow Shore Sky Snow Song Stairway Star Station
Stranger Street Sunset Table Tide Train Valley Visitor Voyage Waterfall Window Wind""".split()

PLACE = """Alcazar Belleville Bergamo Cadiz Calico Camden Cardiff Carmel Delancey Dover Elsinore Fairmont
Granada Havana Lisbon Lucerne Madeira Marfa Montreux Naples Newport Odessa Palermo Paxton Ravenna Riga
Sonora Tangier Trieste Tulsa Valencia Verona Vienna Winslow York""".split()

# What a group calls itself, by family; "" leaves a person's name alone.
GROUPS = {
    'Latin': ['', 'y su Orquesta', 'Sextet', 'y los Amigos'],
    'Jazz': ['', 'Trio', 'Quartet', 'Quintet', 'Orchestra'],
    'Blues': ['', 'Blues Band', 'and the Night Shift'],
    'Country': ['', 'and the Drifters', 'String Band', 'Family'],
    'Fusion': ['Group', 'Project', 'Quintet'],
    'Ballroom': ['Dance Orchestra', 'and his Ballroom Players', 'Orchestra'],
    'Stage': ['', 'Company', 'Theatre Orchestra'],
    'Folk': ['', 'Ensemble', 'Brothers', 'Sisters'],
    'Classical': ['', 'Ensemble', 'Chamber Players'],
}

YEARS = {
    'Latin': (1955, 2015), 'Jazz': (1948, 2010), 'Rock': (1958, 2012), 'Blues': (1950, 1998),
    'Country': (1956, 2008), 'Soul': (1963, 2012), 'Electronic': (1982, 2021), 'Pop': (1964, 2022),
    'Fusion': (1970, 1999), 'Ballroom': (1950, 1985), 'Stage': (1949, 2005), 'Folk': (1955, 2016),
    'Classical': (1958, 2018),
}


def pick(rng, items):
    """One of items; only rng.random() is used, whose numbers no Python version changes."""
    return items[int(rng.random() * len(items))]


def shuffle(rng, items):
    for i in range(len(items) - 1, 0, -1):
        j = int(rng.random() * (i + 1))
        items[i], items[j] = items[j], items[i]
    return items


class Artists:
    """Hands every style names of its own, so that no two styles share an artist."""

    def __init__(self, rng):
        self.people = shuffle(rng, [f'{first} {last}' for first in FIRST for last in LAST])
        self.bands = shuffle(rng, [f'The {a} {n}s' for a in ADJECTIVE for n in NOUN
                                   if not n.endswith(('s', 'y', 'h'))])

    def name(self, rng, family, style_index, artist_index):
        slot = style_index * 32 + artist_index
        person = self.people[slot % len(self.people)]
        groups = GROUPS.get(family)
        if not groups:  # rock, pop, soul, electronic: a band as often as a person
            return self.bands[slot % len(self.bands)] if rng.random() < 0.5 else person
        return f'{person} {pick(rng, groups)}'.strip()


def title(rng):
    a, n, p = pick(rng, ADJECTIVE), pick(rng, NOUN), pick(rng, PLACE)
    return pick(rng, [f'{a} {n}', f'{n} of {p}', f'{a} {p}', f'The {n}', f'{n} in {p}',
                      f'{a} {n} Blues' if rng.random() < 0.1 else f'My {a} {n}', f'{p} {n}'])


def album(rng):
    a, n, p = pick(rng, ADJECTIVE), pick(rng, NOUN), pick(rng, PLACE)
    return pick(rng, [f'{a} {n}s' if not n.endswith(('s', 'y', 'h')) else f'{a} {n}',
                      f'Live in {p}', f'The {p} Sessions', f'{n} and {pick(rng, NOUN)}', f'{p} Nights'])


def year(rng, family):
    low, high = YEARS[family]
    return low + int(rng.random() * (high - low + 1))
