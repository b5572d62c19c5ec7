package people

import (
	"strings"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

var de = &country{
	code: "de",
	surnames: strings.Fields(`
Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann
Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs
Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster
Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Schulte Dietrich
Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold Wolff Pfeiffer Yılmaz Kaya Demir Şahin Çelik Yıldız Öztürk Aydın Özdemir Nowak
Kowalski Ivanov Schütz Kramer Paul Lindner Ernst Hübner Kruse Dietz Nagel Thiel Ott Beyer Jansen Fiedler Seifert Stahl Hermann Schwab Barth Bauer-Schmidt
Reuter Marx Ulrich Wirth Ritter Moser Zimmer Wenzel Geiger Rademacher Kern Adam Haase Brinkmann Siebert Reinhardt Rieger Strauß Wiese Renner Bayer Bock
Nowotny Unger Falk Döring Heller Hein Hesse Kurz Conrad Blum Förster Stark Wilke Grimm Wendt Born Michel Ebert Jahn Rose Bachmann Zander Ahrens Maurer
Popp Kirchner Gebhardt Hauser Fritz Freitag Henning Steiner Mohr Ackermann Linke Metzger Kunz Hecht Kunze Eder Bender Burger Esser Behrens Sander Decker
Frey Pape Rau Nickel Heß Sturm Merkel Reich Jacob Römer Schramm Brückner Dreyer Lutz Wild Noack Raab Bach Urban Eckert Thoma Körner Weiss Rauch Bühler`),
	surnameTail: syllables{
		starts:  strings.Fields("Ach Al Alt An Ap Bach Bal Bar Bas Bau Bei Ben Ber Bie Bir Bla Blo Bog Boh Bol Bon Bor Bra Bre Bro Buch Bud Bur Büt Dah Dam Dan Deg Den Der Dit Dob Dor Drä Dre Dun Eb Eck Eg Eich El Em En Er Esch Fah Fal Fei Fel Fin Fle Fo Frei Frö Fun Gab Gar Gei Ger Gie Gla Gö Gra Gre Gro Gü Ha Hag Hal Ham Har Has Hau Hei Hel Hen Her Hil Hin Hol Hop Hüb Im Ja Je Jo Kal Kam Kap Kas Kei Kel Kem Ker Kie Kla Kle Klo Kno Kol Kor Kra Kre Kro Kub Kul Küp La Lam Lau Lei Len Lie Lin Loh Lu Lüd Ma Man Mar Mat Mei Men Mer Mil Mon Mül Na Neu Nie Nol Ober Oel Ol Op Os Pan Pau Pel Pet Pfa Pil Plö Pot Pre Rei Rem Ren Rie Rin Ro Rot Rü Sach Sal Schar Schei Schil Schla Schnei Schön Schu Sei Sel Sie Spe Stau Stei Stro Tan Tei Tem Thie Tie Tö Tra Uh Ul Vei Vel Vol Wag Wal War Wei Wel Wer Wes Wie Wil Wit Wol Wun Zan Zei Zie"),
		middles: strings.Fields("e en er el ing ang ens in a"),
		ends:    strings.Fields("bach bauer baum beck becker berg berger brecht brink burg dorf eck eisen er feld felder gart hardt haus hof horst huber ich icke ig ing ke kamp ke ler lich ling lein mann meier mann mer müller ner rath reich ried sam scheid schmidt ski sky stein ster stedt thal wald weg wig wirth"),
	},
	given: [2][4][]string{
		{
			strings.Fields("Hans Günter Karl Heinz Werner Gerhard Horst Helmut Walter Kurt Herbert Heinrich Rudolf Klaus Manfred Siegfried Wolfgang Dieter Josef Georg Ernst Willi Erich Otto Alfred Peter Johann Franz Wilhelm Friedrich"),
			strings.Fields("Thomas Michael Andreas Peter Klaus Frank Jürgen Bernd Uwe Ralf Wolfgang Stefan Hans-Jürgen Dirk Jörg Matthias Martin Karl-Heinz Rainer Holger Christian Torsten Norbert Joachim Detlef Jens Manfred Volker Günter Axel Reinhard"),
			strings.Fields("Christian Stefan Michael Alexander Sebastian Daniel Andreas Markus Thomas Jan Matthias Florian Marco Martin Dennis Patrick Tobias Benjamin Philipp Sven Björn Marcel Oliver Timo Torben Mehmet René Mario Kai Simon Johannes Kevin"),
			strings.Fields("Lukas Leon Tim Paul Jonas Finn Maximilian Felix Luca Niklas Jan Philipp Ben Elias Noah Moritz Tom Nico Julian David Jannik Fabian Simon Max Emil Mohammed Ali Jakob Erik Louis Anton Henri Marlon Yusuf"),
		},
		{
			strings.Fields("Ursula Ingrid Helga Gerda Ilse Elfriede Gisela Hildegard Elisabeth Erika Irmgard Edith Christa Anna Maria Waltraud Margarete Ruth Lieselotte Renate Karin Inge Käthe Hannelore Brigitte Frieda Herta Martha Else Rosemarie"),
			strings.Fields("Sabine Susanne Petra Birgit Gabriele Andrea Martina Angelika Ute Heike Monika Barbara Claudia Kerstin Brigitte Karin Renate Cornelia Anja Silvia Ulrike Elke Marion Christine Beate Jutta Angela Silke Annette Regina Bettina Doris"),
			strings.Fields("Stefanie Julia Katrin Nicole Anna Sandra Melanie Christina Nadine Sarah Tanja Daniela Katharina Jennifer Jessica Anja Sabrina Yvonne Maria Claudia Lisa Kathrin Franziska Ayşe Fatma Simone Nina Vanessa Susann Janina Miriam Carolin"),
			strings.Fields("Anna Lea Leonie Lena Marie Laura Emma Mia Hannah Sophie Lara Sarah Lina Johanna Emily Clara Julia Nele Maja Amelie Luisa Charlotte Paula Lilly Elif Zoë Frieda Ida Mathilda Melina Pauline Jana Greta Isabell"),
		},
	},
	givenTail: [2]syllables{
		{starts: strings.Fields("Ad Al Ans Arn Ber Bru Det Die Eck Ed Eg El En Er Fal Fer Gre Gün Hart Hel Hen Her Jo Kas Kon La Le Lo Lud Mar Mer Nor Os Ral Rei Ro Sig Thor Ul Vol Wal Wer Wil Win"),
			ends: strings.Fields("bert brand fried gar ger hard helm her lef mar mund o olf rich ron sten ulf vin wald win wig")},
		{starts: strings.Fields("A Al An Ber Bri Ca Cla Do E El Er Fe Fri Ge Ger Hed Hei Hil Il Ir Ja Ju Ka Kat La Li Lo Ma Me Mi Na Ni Ol Re Ri Ro Sa Sieg Si Sol Ta Te Va Vi Wal Wil"),
			middles: strings.Fields("a e i li ri ne na"), ends: strings.Fields("a da de gard gund hild ke lind lotte na ne ra run ta traud tte e sa")},
	},
	nicknames: map[string][]string{
		"Johannes": {"Hannes", "Hans"}, "Johann": {"Hans"}, "Friedrich": {"Fritz"}, "Wilhelm": {"Willi"}, "Maximilian": {"Max"}, "Alexander": {"Alex"}, "Sebastian": {"Basti"},
		"Michael": {"Michi", "Micha"}, "Thomas": {"Tom"}, "Andreas": {"Andi"}, "Matthias": {"Matze"}, "Joachim": {"Jochen", "Achim"}, "Josef": {"Sepp"}, "Tobias": {"Tobi"},
		"Benjamin": {"Ben"}, "Philipp": {"Phil"}, "Stefan": {"Steffen"}, "Christian": {"Chris"}, "Katharina": {"Kathi", "Käthe"}, "Elisabeth": {"Lisa", "Sissi"}, "Susanne": {"Susi"},
		"Gabriele": {"Gabi"}, "Brigitte": {"Gitte"}, "Margarete": {"Grete"}, "Johanna": {"Hanna"}, "Stefanie": {"Steffi"}, "Christina": {"Tina"}, "Christine": {"Tine"}, "Angelika": {"Geli"},
		"Charlotte": {"Lotte"}, "Franziska": {"Franzi"}, "Ursula": {"Uschi"}, "Nicole": {"Nici"}, "Sandra": {"Sandy"}, "Jessica": {"Jessi"}, "Jennifer": {"Jenny"}, "Ludwig": {"Lutz"},
	},
	middlePercent: 35,
	takesName:     75,
	namesakes:     1,
	cities: []string{
		"Berlin,Berlin,10", "Berlin,Berlin,12", "Hamburg,Hamburg,20", "Hamburg,Hamburg,22", "München,Bayern,80", "München,Bayern,81", "Köln,Nordrhein-Westfalen,50", "Frankfurt am Main,Hessen,60",
		"Stuttgart,Baden-Württemberg,70", "Düsseldorf,Nordrhein-Westfalen,40", "Leipzig,Sachsen,04", "Dortmund,Nordrhein-Westfalen,44", "Essen,Nordrhein-Westfalen,45", "Bremen,Bremen,28",
		"Dresden,Sachsen,01", "Hannover,Niedersachsen,30", "Nürnberg,Bayern,90", "Duisburg,Nordrhein-Westfalen,47", "Bochum,Nordrhein-Westfalen,44", "Wuppertal,Nordrhein-Westfalen,42",
		"Bielefeld,Nordrhein-Westfalen,33", "Bonn,Nordrhein-Westfalen,53", "Münster,Nordrhein-Westfalen,48", "Mannheim,Baden-Württemberg,68", "Karlsruhe,Baden-Württemberg,76", "Augsburg,Bayern,86",
		"Wiesbaden,Hessen,65", "Gelsenkirchen,Nordrhein-Westfalen,45", "Braunschweig,Niedersachsen,38", "Kiel,Schleswig-Holstein,24", "Aachen,Nordrhein-Westfalen,52", "Chemnitz,Sachsen,09",
		"Halle (Saale),Sachsen-Anhalt,06", "Magdeburg,Sachsen-Anhalt,39", "Freiburg im Breisgau,Baden-Württemberg,79", "Lübeck,Schleswig-Holstein,23", "Erfurt,Thüringen,99", "Rostock,Mecklenburg-Vorpommern,18",
	},
	townTail: syllables{
		starts:  strings.Fields("Alt Bad Bern Bir Brei Burg Det Eber Eich El Eng Esch Fal Frei Fried Gie Göt Grei Gun Hal Heil Her Hil Ho Kai Kem Land Len Lim Lü Lud Mar Mem Min Neu Nord Ober Of Ol Os Pas Pir Rat Re Ro Salz Schön Schwein Sie Sol Sprem Stral Süd Tutt Ul Unter Wal Wei Wer Wit Zwick"),
		middles: strings.Fields("en er ing el"),
		ends:    strings.Fields("ach au bach berg born bronn brück burg dorf feld furt hagen hausen heim hofen ingen kirchen lingen münster rode stadt stein thal wald walde werda")},
	streets: strings.Fields("Haupt Bahnhof Schul Garten Berg Dorf Kirch Birken Linden Wald Ring Wiesen Amsel Goethe Schiller Jahn Buchen Mühlen Park Feld Friedhof Eichen Blumen Rosen Finken Mozart Beethoven Flur Post Markt Tannen Stein Brunnen Kastanien Drossel Heide Industrie Ahorn Meisen Breite Lessing Bach Ulmen Kiefern Süd Nord West"),
	streetTail: syllables{
		starts:  strings.Fields("Adler Anger Auen Bären Becken Bruch Burg Damm Distel Eber Erlen Esch Fasanen Fichten Fischer Fuchs Gold Hafen Hasel Hirsch Holunder Hopfen Jäger Kirschen Kloster Kranich Lerchen Löwen Moor Nelken Quellen Reh Reiher Sand Schloss Schwalben See Sonnen Sperber Stern Teich Tulpen Turm Veilchen Weiden Wein Ziegel"),
		middles: strings.Fields("hof feld grund berg bach tal"),
		ends:    strings.Fields("er s ")},
	streetKinds:   []string{"straße", "weg", "straße", "straße", "allee", "platz", "gasse", "ring"},
	abbreviations: map[string]string{"straße": "str."},
	joinStreet:    func(name, kind string) string { return name + kind },
	houseNumbers:  120,
	postcode:      digitsAfterPrefix(5),
	domains:       []string{"gmx.de", "web.de", "gmail.com", "t-online.de", "hotmail.com", "freenet.de", "outlook.de", "yahoo.de", "icloud.com", "arcor.de", "posteo.de"},
	companyEnd:    ".de",
	phones: phonePlan{
		mobile: func(r draw.RNG, _ int64) string {
			return "01" + draw.Pick(r, []string{"51", "52", "57", "60", "62", "70", "71", "72", "73", "74", "75", "76", "77", "78", "79"}) + digits(r.Between(1_000_000, 9_999_999), 7)
		},
		line: func(r draw.RNG, area int64) string {
			return "0" + digits(area, 3) + digits(r.Between(100_000, 9_999_999), 7)
		},
		area:  func(h uint64) int64 { return 201 + int64(h%780) },
		forms: []string{"#### #######", "###########", "####/#######", "#### ### ## ##", "####-#######"},
	},
}
