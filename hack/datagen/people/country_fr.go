package people

import (
	"strings"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

var fr = &country{
	code: "fr",
	surnames: strings.Fields(`
Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux David Bertrand Morel Fournier Girard Bonnet
Dupont Lambert Fontaine Rousseau Vincent Muller Lefèvre Faure André Mercier Blanc Guérin Boyer Garnier Chevalier François Legrand Gauthier Garcia Perrin
Robin Clément Morin Nicolas Henry Roussel Mathieu Gautier Masson Marchand Duval Denis Dumont Marie Lemaire Noël Meyer Dufour Meunier Brun Blanchard Giraud
Joly Rivière Lucas Brunet Gaillard Barbier Arnaud Martinez Gérard Roche Renard Schmitt Roy Leroux Colin Vidal Caron Picard Roger Fabre Aubert Lemoine
Renaud Dumas Lacroix Olivier Philippe Bourgeois Pierre Benoît Rey Leclerc Payet Rolland Leclercq Guillaume Lecomte Lopez Jean Dupuy Guillot Hubert Berger
Carpentier Sanchez Dupuis Moulin Louis Deschamps Huet Vasseur Perez Boucher Fleury Royer Klein Jacquet Adam Paris Poirier Marty Aubry Guyot Carré Charles
Renault Charpentier Ménard Maillard Baron Bertin Bailly Hervé Schneider Fernandez Le Collet Léger Bouvier Julien Prévost Millet Perrot Daniel Cousin Germain
Breton Besson Langlois Rémy Pelletier Lévêque Perrier Leblanc Barré Lebrun Marchal Weber Mallet Hamon Boulanger Jacob Monnier Michaud Rodriguez Guichard
Gillet Étienne Grondin Poulain Tessier Chevallier Collin Chauvin Bouchet Gay Lemaître Bénard Maréchal Humbert Reynaud Antoine Hoarau Perret Barthélemy
Cordier Pichon Lejeune Gilbert Lamy Delaunay Pasquier Carlier Laporte Benali Diallo Traoré Nguyen Da-Silva Ferreira`),
	surnameTail: syllables{
		starts:  strings.Fields("Ab Al An Ar Au Bal Bar Bau Beau Bel Ber Bi Blan Bo Bon Bor Bou Bra Bre Bri Bru Ca Cam Car Cas Cau Cha Cham Char Chau Che Cla Clé Co Col Con Cor Cou Cré Da Dau De Del Des Do Dou Du Dur Es Fa Far Fau Fer Fla Fon For Fou Fra Fro Ga Gal Gar Gau Ger Gi Go Gou Gra Gri Gro Gué Gui Ha Hé Jac Jo Jou La Lan Lar Lau Le Ler Li Lo Lou Ma Mai Mal Man Mar Mau Mé Mer Mi Mon Mor Mou Na Nau No Or Pa Pan Par Pé Per Pi Pla Po Pon Por Pou Pra Pré Pru Qué Ra Re Ri Ro Rou Sa Sau Sé Si Sou Ta Tar Té Thé Ti Tou Tra Va Val Vas Ver Vi Vil Vo"),
		middles: strings.Fields("a e i o ri li ne ra tte bou la che do vi gne"),
		ends:    strings.Fields("ard ault aud beau bert bois card chard chon court din doux eau el ert es et eux fort gnac gnon guet ier in lard lec let lier lin lon lot mont nard naud net nier not on ot oux quet quin rand rat reau rel ret rier rin ron rot rou sard seau sier sin son tard teau tel tier tin ton vel vier ville vin"),
	},
	given: [2][4][]string{
		{
			strings.Fields("Jean Pierre Michel André Claude Jacques René Roger Bernard Marcel Louis Robert Henri Maurice Georges Guy Raymond Paul Lucien Gérard Roland Serge François Albert Charles Gilbert Joseph Fernand Émile Christian"),
			strings.Fields("Philippe Michel Alain Patrick Christian Daniel Bernard Pascal Thierry Jean-Pierre Dominique Éric Didier Laurent Bruno Gilles Marc Jean-Claude Denis Serge Olivier Jean-Luc Yves Francis Frédéric Hervé Christophe Jean-Marc Franck Joël"),
			strings.Fields("Christophe Nicolas Sébastien Julien David Frédéric Stéphane Alexandre Guillaume Thomas Romain Jérôme Olivier Mickaël Vincent Cédric Maxime Kévin Benjamin Mathieu Anthony Ludovic Arnaud Florian Pierre Jérémy Fabrice Mohamed Karim Grégory"),
			strings.Fields("Lucas Théo Thomas Hugo Enzo Maxime Antoine Clément Alexandre Louis Nathan Léo Mathis Quentin Jules Gabriel Raphaël Arthur Tom Adam Ethan Paul Baptiste Noah Valentin Romain Yanis Mohamed Axel Rayan"),
		},
		{
			strings.Fields("Marie Jeanne Monique Jacqueline Denise Madeleine Yvonne Simone Janine Paulette Yvette Suzanne Odette Marcelle Huguette Nicole Lucienne Colette Thérèse Germaine Geneviève Christiane Françoise Raymonde Josette Andrée Ginette Marguerite Renée Micheline"),
			strings.Fields("Martine Françoise Catherine Sylvie Christine Brigitte Nathalie Véronique Isabelle Dominique Patricia Chantal Corinne Annie Nicole Monique Evelyne Pascale Laurence Valérie Florence Agnès Marie-Christine Béatrice Anne Danielle Joëlle Michèle Elisabeth Sophie"),
			strings.Fields("Céline Stéphanie Julie Émilie Aurélie Laetitia Virginie Sandrine Karine Élodie Delphine Caroline Laura Marine Audrey Mélanie Sophie Hélène Sabrina Pauline Amandine Camille Anne Claire Charlotte Sarah Fanny Marion Emmanuelle Nadia"),
			strings.Fields("Léa Emma Manon Chloé Camille Inès Sarah Clara Océane Marie Jade Lucie Mathilde Louise Lola Juliette Anaïs Eva Maëlys Lisa Alice Zoé Romane Margaux Justine Léna Yasmine Ambre Noémie Lina"),
		},
	},
	givenTail: [2]syllables{
		{starts: strings.Fields("A Al An Au Ber Bo Cha Clo Da De É Er Eu Fa Fer Fla Ga Gas Gau Ge Gré Hec Ho I Ja Jo Ju Lé Lu Ma Mar Mé Na No O Pa Phi Ra Ré Ri Ro Sa Sé Syl Ta Té U Va Vi Yo"),
			middles: strings.Fields("a é i o u lé ri ni"), ends: strings.Fields("bin cien don el en fin in is lan lien lin mien mir nel nis ric rien son ston tien than tin ton vain ves vin")},
		{starts: strings.Fields("A Al An Au Bé Ca Cé Cla Co Da De É El Eu Fa Flo Ga Gé Hé I Ja Jo Ju La Lé Li Lu Ma Mé Mi Na Ni O Pé Ra Ré Ro Sa Sé Si So Ta Thé Va Vé Vi Yo"),
			middles: strings.Fields("a é i o li ri ni"), ends: strings.Fields("cie da dine elle ette ia ie ine la lie line lyne na ne nie ra rie rine sa te tine ve vie")},
	},
	nicknames: map[string][]string{
		"Alexandre": {"Alex"}, "Sébastien": {"Seb"}, "Frédéric": {"Fred"}, "Maxime": {"Max"}, "Nicolas": {"Nico"}, "Christophe": {"Chris"}, "Guillaume": {"Guigui"}, "Mathieu": {"Mat"},
		"Philippe": {"Phil"}, "Dominique": {"Domi"}, "Catherine": {"Cathy"}, "Elisabeth": {"Babeth"}, "Véronique": {"Véro"}, "Isabelle": {"Isa"}, "Stéphanie": {"Steph"}, "Nathalie": {"Nath"},
		"Jean-Pierre": {"JP"}, "Jean-Claude": {"JC"}, "Patricia": {"Pat"}, "Delphine": {"Delph"}, "Caroline": {"Caro"}, "Béatrice": {"Béa"}, "Florence": {"Flo"}, "Mohamed": {"Momo"},
	},
	middlePercent: 25,
	takesName:     72,
	namesakes:     1,
	cities: []string{
		"Paris,Île-de-France,75", "Marseille,Provence-Alpes-Côte d'Azur,13", "Lyon,Auvergne-Rhône-Alpes,69", "Toulouse,Occitanie,31", "Nice,Provence-Alpes-Côte d'Azur,06", "Nantes,Pays de la Loire,44",
		"Montpellier,Occitanie,34", "Strasbourg,Grand Est,67", "Bordeaux,Nouvelle-Aquitaine,33", "Lille,Hauts-de-France,59", "Rennes,Bretagne,35", "Reims,Grand Est,51", "Saint-Étienne,Auvergne-Rhône-Alpes,42",
		"Toulon,Provence-Alpes-Côte d'Azur,83", "Le Havre,Normandie,76", "Grenoble,Auvergne-Rhône-Alpes,38", "Dijon,Bourgogne-Franche-Comté,21", "Angers,Pays de la Loire,49", "Nîmes,Occitanie,30",
		"Clermont-Ferrand,Auvergne-Rhône-Alpes,63", "Le Mans,Pays de la Loire,72", "Brest,Bretagne,29", "Tours,Centre-Val de Loire,37", "Amiens,Hauts-de-France,80", "Limoges,Nouvelle-Aquitaine,87",
		"Metz,Grand Est,57", "Besançon,Bourgogne-Franche-Comté,25", "Orléans,Centre-Val de Loire,45", "Rouen,Normandie,76", "Mulhouse,Grand Est,68", "Caen,Normandie,14", "Nancy,Grand Est,54",
	},
	townTail: syllables{
		starts: strings.Fields("Aigue Ar Au Bar Beau Bel Bois Bou Cha Châ Clair Com Cour Es Fon Gour La Lan Lon Mar Mon Mor Neu Or Pont Ro Saint- Sa Sau Tour Val Ver Vi Vil"),
		ends:   strings.Fields("ans bourg briand champ court dun fort gny gnac heim lac lieu lon mont nay ny pierre ran ron sac sur-Loire tal teau val vert ville")},
	streets: []string{"de la République", "de l'Église", "du Moulin", "Victor Hugo", "Jean Jaurès", "Pasteur", "de la Gare", "de la Mairie", "des Écoles", "Gambetta", "du Général de Gaulle", "de la Fontaine", "Jules Ferry",
		"des Lilas", "du Stade", "de la Paix", "de Verdun", "des Tilleuls", "du Château", "Émile Zola", "des Acacias", "de Paris", "du Jardin", "des Roses", "Anatole France", "Voltaire", "des Champs", "de la Liberté",
		"Carnot", "du Port", "du Marché", "Nationale", "des Vignes", "de la Forêt", "Saint-Martin", "Jean Moulin", "des Cerisiers", "du Bois", "de la Chapelle", "du Lavoir"},
	streetTail: syllables{
		starts: strings.Fields("Ar Bel Ber Bos Cas Char Cha Col Cou Dau De Du Fer Fon Gam Gar Gra Hau La Lac Lam Lor Mal Mar Mi Mon Mou Par Per Pi Plan Pré Ra Ro Sau Ta Tou Va Ver Vil"),
		ends:   strings.Fields("ard bert bois champ court eau ette gnon ière in lier lon mont nard net on ot quet ran reau rel ron ses tier ville")},
	streetKinds:   []string{"Rue", "Avenue", "Rue", "Rue", "Chemin", "Boulevard", "Place", "Impasse"},
	abbreviations: map[string]string{"Rue": "R.", "Avenue": "Av.", "Chemin": "Chem.", "Boulevard": "Bd", "Place": "Pl.", "Impasse": "Imp."},
	joinStreet:    func(name, kind string) string { return kind + " " + name },
	houseNumbers:  140,
	postcode:      digitsAfterPrefix(5),
	domains:       []string{"gmail.com", "orange.fr", "hotmail.fr", "free.fr", "yahoo.fr", "wanadoo.fr", "outlook.fr", "sfr.fr", "laposte.net", "icloud.com", "live.fr"},
	companyEnd:    ".fr",
	phones: phonePlan{
		mobile: func(r draw.RNG, _ int64) string {
			return "0" + draw.Pick(r, []string{"6", "6", "7"}) + digits(r.Below(100_000_000), 8)
		},
		line: func(r draw.RNG, area int64) string {
			return "0" + digits(area, 1) + digits(r.Between(10_000_000, 99_999_999), 8)
		},
		area:  func(h uint64) int64 { return 1 + int64(h%5) },
		forms: []string{"## ## ## ## ##", "##########", "##.##.##.##.##", "##-##-##-##-##"},
	},
}
