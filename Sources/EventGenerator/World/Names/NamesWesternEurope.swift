extension Names {
  static let british = Names(
    women: """
      Olivia Amelia Sophie Emily Charlotte Jessica Lucy Grace Isla Chloe Hannah Emma Ella Poppy
      Freya Evie Megan Rebecca Laura Sarah Alice Florence Daisy Rosie Imogen Bethany Georgia Eleanor
      Holly Katie Niamh Zara Fiona Harriet Matilda
      """,
    men: """
      Oliver George Harry Jack Thomas James William Noah Oscar Charlie Alfie Joshua Daniel Samuel
      Joseph Arthur Henry Archie Callum Lewis Ryan Liam Adam Luke Ben Matthew Alexander Edward Toby
      Finlay Rhys Euan Connor Jake Mohammed
      """,
    family: """
      Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker
      White Roberts Green Hall Wood Jackson Clarke Patel Khan Lewis James Phillips Mason Mitchell
      Campbell Stewart MacDonald Robertson Hughes Edwards Turner Cooper Ward Bell Shaw Ahmed Begum
      Fletcher Hargreaves Ashworth
      """)

  static let irish = Names(
    women: """
      Aoife Emma Grace Sophie Fiadh Saoirse Niamh Ciara Caoimhe Róisín Sinéad Siobhán Orla Éabha
      Clodagh Aisling Gráinne Áine Maeve Cliona Muireann Sadhbh Eimear Bríd Deirdre Nuala Mary Kate
      Laura Ruth
      """,
    men: """
      Conor Jack Seán James Cian Oisín Patrick Cillian Liam Darragh Fionn Eoin Ciarán Tadhg Rory
      Niall Declan Pádraig Diarmuid Brendan Shane Killian Donal Aidan Fergus Colm Kevin Michael
      Éamonn Ruairí
      """,
    family: """
      Murphy Kelly O'Sullivan Walsh Smith O'Brien Byrne Ryan O'Connor O'Neill O'Reilly Doyle
      McCarthy Gallagher Doherty Kennedy Lynch Murray Quinn Moore McLaughlin Carroll Connolly Daly
      Wilson Dunne Brennan Burke Collins Campbell Clarke Johnston Hughes Farrell Fitzgerald Nolan
      Power Maguire
      """)

  static let german = Names(
    women: """
      Anna Julia Lena Laura Sarah Lea Marie Hannah Sophie Katharina Lisa Emma Mia Johanna Leonie
      Christina Stefanie Nicole Sabine Andrea Claudia Monika Petra Greta Frieda Ida Charlotte
      Mathilda Jana Franziska Theresa Antonia Jördis Käthe
      """,
    men: """
      Lukas Felix Maximilian Paul Leon Jonas Finn Tim Alexander Thomas Michael Andreas Stefan
      Christian Markus Tobias Florian Sebastian Jan Philipp Moritz Emil Anton Jakob Matthias Martin
      Jürgen Wolfgang Uwe Björn Fabian Niklas Johannes Götz
      """,
    family: """
      Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer
      Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange
      Werner Krause Lehmann Köhler Maier Huber Gruber Pichler Steiner Moser Berger Böhm Vogel Jäger
      Groß Weiß Yılmaz
      """)

  static let swiss = Names(
    women: """
      Anna Laura Sarah Mia Lea Lara Emma Julia Elena Nina Lina Alina Chiara Sophie Céline Chloé
      Valérie Nathalie Sandra Daniela Ursula Ruth Verena Regula Noémie Giulia Sofia Francesca
      Martina Seraina
      """,
    men: """
      Luca Noah Leon David Daniel Thomas Peter Urs Beat Reto Marco Matteo Nico Fabian Jan Lukas
      Simon Samuel Jérôme Olivier Laurent Pascal Nicolas Stefan Christian Andreas Hans Werner Gian
      Giacomo
      """,
    family: """
      Müller Meier Schmid Keller Weber Huber Schneider Meyer Steiner Fischer Gerber Brunner Baumann
      Frei Zimmermann Moser Widmer Wyss Graf Roth Favre Rochat Bernasconi Bianchi Rossi Ferrari
      Aebischer Bühler Lüthi Zürcher Rüegg Blanc Perret Jaquet Caduff
      """)

  static let french = Names(
    women: """
      Marie Camille Emma Léa Manon Chloé Jade Louise Alice Inès Sarah Julie Laura Pauline Mathilde
      Clara Lucie Anaïs Juliette Charlotte Zoé Élodie Céline Nathalie Isabelle Sylvie Amélie Margaux
      Noémie Agathe Fatima Aïcha Éléonore Anne-Sophie
      """,
    men: """
      Gabriel Lucas Louis Thomas Hugo Nicolas Alexandre Antoine Maxime Pierre Julien Quentin Théo
      Arthur Jules Raphaël Nathan Léo Adam Mathieu Guillaume Clément Romain Benoît François Jérôme
      Sébastien Étienne Loïc Mohamed Karim Jean-Baptiste Gaël
      """,
    family: """
      Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre
      Leroy Roux David Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau
      Vincent Mercier Guérin Boyer Chevalier Lefèvre Garnier Faure Blanchard Gauthier Benali Diallo
      Traoré Nguyen Lemaître
      """)

  static let belgian = Names(
    women: """
      Emma Louise Marie Anna Lotte Julie Olivia Camille Léa Sofie Lore Elise Charlotte Chloé Manon
      Eline Hanne An Katrien Griet Nathalie Isabelle Céline Aline Margot Noor Femke Zoë Fien Amélie
      """,
    men: """
      Arthur Noah Liam Lucas Louis Jules Thomas Maxime Nicolas Wout Jan Pieter Bram Lander Senne
      Victor Mathis Simon Tom Koen Dirk Luc Philippe Benoît Olivier Jean-Marc Jelle Stijn Yanis
      Gilles
      """,
    family: """
      Peeters Janssens Maes Jacobs Mertens Willems Claes Goossens Wouters Dubois Lambert Dupont
      Martin Simon Leclercq Desmet Hermans Michiels Aerts Lemmens Coppens Verhoeven Laurent Renard
      Leroy Vandamme Dumont Declercq Stevens Segers Hendrickx Lejeune Verstraete
      """)

  static let dutch = Names(
    women: """
      Emma Julia Mila Tess Sophie Sara Lotte Sanne Anouk Lisa Femke Fleur Eva Iris Marieke Anna Noor
      Roos Esmée Floor Inge Ingrid Maaike Nienke Marloes Willemijn Saskia Joke Zoë Renée Jantien
      """,
    men: """
      Daan Sem Lucas Levi Finn Bram Thijs Lars Jesse Tim Jeroen Pieter Jan Sander Bas Ruben Niels
      Joost Maarten Wouter Stijn Koen Hidde Gijs Martijn Dennis Rick Henk Mohammed Joël Sjoerd
      """,
    family: """
      Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer Dijkstra Smits
      Koster Prins Huisman Postma Kuipers Veenstra Kramer Willems Hoekstra Maas Verhoeven Koning
      Scholten Willemsen Jacobs Timmermans Hermans Molenaar Groen Yılmaz Bouazza
      """)

  static let spanish = Names(
    women: """
      María Lucía Carmen Ana Laura Paula Sara Marta Elena Cristina Sofía Julia Alba Irene Claudia
      Isabel Pilar Raquel Rocío Nuria Inés Martina Valeria Daniela Andrea Alejandra Beatriz Lola
      Mónica Silvia Begoña
      """,
    men: """
      Antonio José Manuel Francisco David Javier Daniel Alejandro Pablo Carlos Miguel Álvaro Sergio
      Adrián Hugo Diego Jorge Alberto Fernando Rubén Iván Raúl Óscar Ángel Pedro Marcos Mario Íñigo
      Jordi Andrés Martín
      """,
    family: """
      García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez
      Hernández Ruiz Díaz Moreno Muñoz Álvarez Romero Gutiérrez Alonso Navarro Torres Domínguez
      Ramos Vázquez Gil Serrano Blanco Molina Morales Suárez Ortega Castro Rubio Sanz Iglesias Núñez
      Garrido Ibáñez Puig Etxeberria
      """)

  static let portuguese = Names(
    women: """
      Maria Ana Beatriz Inês Mariana Leonor Matilde Carolina Sofia Joana Catarina Margarida Rita
      Francisca Marta Sara Diana Filipa Teresa Helena Cláudia Patrícia Sandra Susana Mónica Laura
      Alice Benedita Lúcia Glória
      """,
    men: """
      João Francisco Afonso Miguel Tomás Duarte Martim Santiago Pedro Diogo Tiago Gonçalo Rodrigo
      Guilherme Gabriel Rafael André Ricardo Nuno Rui Luís José António Manuel Carlos Paulo Bruno
      Hugo Simão Vasco
      """,
    family: """
      Silva Santos Ferreira Pereira Oliveira Costa Rodrigues Martins Sousa Fernandes Gonçalves Gomes
      Lopes Marques Alves Almeida Ribeiro Pinto Carvalho Teixeira Moreira Correia Mendes Nunes
      Soares Vieira Monteiro Cardoso Rocha Neves Coelho Cunha Pires Ramos Simões Antunes Guimarães
      Magalhães
      """)

  static let italian = Names(
    women: """
      Giulia Sofia Aurora Martina Chiara Francesca Sara Alice Giorgia Emma Elena Valentina Federica
      Silvia Alessia Ginevra Beatrice Elisa Laura Anna Maria Paola Roberta Ilaria Camilla Ludovica
      Arianna Serena Noemi Caterina Mariasole
      """,
    men: """
      Leonardo Francesco Alessandro Lorenzo Mattia Andrea Matteo Gabriele Riccardo Tommaso Luca
      Marco Giuseppe Antonio Davide Federico Giovanni Simone Stefano Roberto Paolo Filippo Edoardo
      Nicolò Pietro Daniele Salvatore Emanuele Vincenzo Michele Niccolò
      """,
    family: """
      Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti Costa
      Giordano Mancini Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso
      Ferrara Galli Martini Leone Longo Gentile Martinelli Vitale Serra D'Angelo D'Amico Fabbri
      Villa Sanna Fiorentino
      """)
}
