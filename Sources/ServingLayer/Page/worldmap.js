// The map of the world, as tiles.

import { loadMap } from "./draw.js";
import { drawMap } from "./grids.js";

// Countries near where they are; made from the cities of the tz database, moved apart until each has a place.
const WORLD = [
  "......................GL", "..........................IS........NOSE....FI", "..........................................EE..................RU", "......CA..............................DK..LV",
  "............................IEGB..NL..CZPLLTBY", "................................BELUDEATSKHU..UA", "................................FRCHLISIHRRSMD..........KZ......MN",
  "................................ADMCITSMBABGRO....GE......KG", "........US..................PTES......MEALMK..TR..AMAZUZTJ..........KP", "............................MA......TNMT..GRCYLBSYIQ..TMAF......CN..KRJP",
  "..................BM..............DZ........EGILJOKWIR......NP", "......MX......BSPRVIAG..................LY....PSSABHQAAEPK..BT......TW", "..........BZCUHTDOKNGPDMCVMR..........................OM..INBDMMLAHK",
  "........GTSVHNJMAWVCMQLCSNGMMLBFNE....TD....SD..ERYE..........THVN..PHGU", "..........NICRPACWGDTTBBGWGNSL..TGBJCM........SSETDJ......LK....KH....PWFMMH", "..............CO..VEGYSRGFLR..CIGHNGGQ..CF....UG..SO....MV....MYSGBN......KI",
  "............EC....................STGACG..CDBIRWKE..SC............ID..PG", "WS............PE......BR..............AO........TZKM................TL....SB", "..PF..............BO........................ZMZWMWMGREMU..................VUFJ",
  "TO....................PY................NA..BWMZ......................AU..NC", "................CLAR..UY..................ZALSSZ", "..........................................................................NZ",
].map((line) => line.match(/../g));

const drawWorld = (card, model) => drawMap(card, model, WORLD, "country", (r) => r.country != null, false);

export const KINDS = { world: { load: loadMap, show: drawWorld } };
