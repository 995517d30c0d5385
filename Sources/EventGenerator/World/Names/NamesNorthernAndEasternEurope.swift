extension Names {
  static let swedish = Names(
    women: """
      Anna Emma Maja Alice Elsa Julia Linnéa Ebba Wilma Saga Astrid Freja Klara Ella Ida Sara Elin
      Johanna Karin Kristina Birgitta Annika Malin Åsa Hanna Vera Signe Tuva Märta Lovisa
      """,
    men: """
      Lars Erik William Liam Noah Hugo Lucas Oscar Elias Axel Viktor Gustav Johan Karl Anders Per
      Mikael Fredrik Magnus Mattias Jonas Emil Albin Nils Olle Björn Göran Håkan Åke Isak
      """,
    family: """
      Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson
      Pettersson Jonsson Jansson Hansson Bengtsson Jönsson Lindberg Jakobsson Magnusson Lindström
      Olofsson Lindqvist Lindgren Berglund Fredriksson Sandberg Henriksson Forsberg Sjöberg Wallin
      Engström Åkesson Öberg Nyström
      """)

  static let norwegian = Names(
    women: """
      Nora Emma Ingrid Sofie Anne Ida Maria Kari Marit Liv Astrid Solveig Silje Thea Frida Sara
      Hanna Marte Camilla Kristin Hilde Berit Tonje Guro Åse Maja Tuva Vilde Synnøve Ragnhild
      """,
    men: """
      Jakob Emil Lucas Oskar Jan Per Lars Ole Kristian Magnus Henrik Sander Jonas Andreas Erik Håkon
      Sindre Morten Øyvind Bjørn Geir Knut Terje Tor Filip Aksel Odin Sverre Trygve Eirik
      """,
    family: """
      Hansen Johansen Olsen Larsen Andersen Pedersen Nilsen Kristiansen Jensen Karlsen Johnsen
      Pettersen Eriksen Berg Haugen Hagen Johannessen Andreassen Jacobsen Halvorsen Dahl Jørgensen
      Lund Solberg Moen Gundersen Strand Bakken Sørensen Nygård Ødegård Bråthen
      """)

  static let danish = Names(
    women: """
      Emma Ida Clara Freja Alma Sofia Anna Laura Josefine Mathilde Maja Karla Signe Caroline Mette
      Kirsten Hanne Lone Camilla Louise Julie Sofie Cecilie Astrid Ellen Agnes Asta Pia Bente Bodil
      """,
    men: """
      William Noah Oscar Lucas Carl Victor Malthe Emil Alfred Frederik Magnus Mads Rasmus Mikkel
      Søren Jens Lars Peter Henrik Morten Anders Christian Thomas Jonas Kasper Nikolaj Bjørn Aksel
      Jeppe Jørgen
      """,
    family: """
      Nielsen Jensen Hansen Andersen Pedersen Christensen Larsen Sørensen Rasmussen Jørgensen
      Petersen Madsen Kristensen Olsen Thomsen Christiansen Poulsen Johansen Møller Mortensen
      Knudsen Jakobsen Lund Holm Schmidt Eriksen Frandsen Østergaard Bach Nørgaard Kjær Damgaard
      """)

  static let finnish = Names(
    women: """
      Aino Emma Sofia Eevi Olivia Helmi Anna Maria Johanna Hanna Laura Päivi Tuula Ritva Marja Kaisa
      Venla Iida Ella Elina Sanna Katja Minna Riikka Heidi Pinja Aada Kerttu Sylvi Inkeri
      """,
    men: """
      Eino Väinö Leo Elias Oliver Onni Juhani Mikko Antti Jussi Timo Matti Kari Pekka Jari Ville
      Janne Jukka Heikki Lauri Eetu Aleksi Niko Tuomas Hannu Petri Sami Toivo Olavi Yrjö
      """,
    family: """
      Korhonen Virtanen Mäkinen Nieminen Mäkelä Hämäläinen Laine Heikkinen Koskinen Järvinen
      Lehtonen Lehtinen Saarinen Salminen Heinonen Niemi Heikkilä Kinnunen Salonen Turunen Laitinen
      Tuominen Rantanen Karjalainen Jokinen Mattila Savolainen Lahtinen Ahonen Räsänen Väisänen
      Kärkkäinen Lindström
      """)

  static let polish = Names(
    women: """
      Anna Zuzanna Julia Maja Zofia Hanna Lena Alicja Katarzyna Małgorzata Agnieszka Barbara Ewa
      Magdalena Joanna Aleksandra Natalia Karolina Monika Paulina Weronika Oliwia Wiktoria Kinga
      Elżbieta Dorota Iwona Łucja Agata Emilia
      """,
    men: """
      Antoni Jan Jakub Aleksander Franciszek Szymon Piotr Krzysztof Andrzej Tomasz Paweł Michał
      Marcin Marek Grzegorz Łukasz Adam Mateusz Kamil Dawid Bartosz Filip Mikołaj Wojciech Stanisław
      Rafał Zbigniew Kacper Sławomir Maciej
      """,
    family: """
      Nowak Kowalski/Kowalska Wiśniewski/Wiśniewska Wójcik Kowalczyk Kamiński/Kamińska
      Lewandowski/Lewandowska Zieliński/Zielińska Szymański/Szymańska Woźniak Dąbrowski/Dąbrowska
      Kozłowski/Kozłowska Mazur Jankowski/Jankowska Kwiatkowski/Kwiatkowska
      Wojciechowski/Wojciechowska Krawczyk Kaczmarek Piotrowski/Piotrowska Grabowski/Grabowska Zając
      Pawłowski/Pawłowska Król Michalski/Michalska Wróbel Wieczorek Jabłoński/Jabłońska
      Nowakowski/Nowakowska Majewski/Majewska Stępień Dudek Górski/Górska Sikora Ostrowski/Ostrowska
      Pawlak Baran
      """)

  static let czech = Names(
    women: """
      Jana Marie Eva Hana Anna Lenka Kateřina Lucie Věra Alena Petra Veronika Tereza Eliška Adéla
      Natálie Barbora Kristýna Michaela Monika Zuzana Markéta Ivana Jitka Denisa Karolína Viktorie
      Šárka Žaneta Klára
      """,
    men: """
      Jan Petr Jakub Tomáš Jiří Martin Pavel Lukáš David Michal Ondřej Vojtěch Matěj Filip Daniel
      Adam Josef Jaroslav Miroslav Zdeněk Václav František Marek Karel Milan Roman Štěpán Dominik
      Vít Radek
      """,
    family: """
      Novák/Nováková Svoboda/Svobodová Novotný/Novotná Dvořák/Dvořáková Černý/Černá
      Procházka/Procházková Kučera/Kučerová Veselý/Veselá Horák/Horáková Němec/Němcová Marek/Marková
      Pospíšil/Pospíšilová Pokorný/Pokorná Hájek/Hájková Král/Králová Jelínek/Jelínková
      Růžička/Růžičková Beneš/Benešová Fiala/Fialová Sedláček/Sedláčková Doležal/Doležalová
      Zeman/Zemanová Kolář/Kolářová Krejčí Navrátil/Navrátilová Čermák/Čermáková Vaněk/Vaňková
      Urban/Urbanová Blažek/Blažková Kříž/Křížová Kopecký/Kopecká Říha/Říhová
      """)

  static let hungarian = Names(
    women: """
      Mária Anna Erzsébet Katalin Ilona Éva Zsuzsanna Judit Ágnes Andrea Hanna Zsófia Luca Emma
      Eszter Réka Nóra Dóra Boglárka Krisztina Tímea Anikó Szilvia Viktória Petra Orsolya Lilla
      Jázmin Noémi Fanni
      """,
    men: """
      László István József János Zoltán Sándor Gábor Ferenc Attila Péter Tamás Zsolt Bence Máté
      Levente Dominik Ádám Dániel Dávid Balázs Márton András Gergő Kristóf Áron Botond Csaba Imre
      Krisztián Ákos
      """,
    family: """
      Nagy Kovács Tóth Szabó Horváth Varga Kiss Molnár Németh Farkas Balogh Papp Takács Juhász
      Lakatos Mészáros Oláh Simon Rácz Fekete Szilágyi Török Fehér Balázs Gál Kis Szűcs Kocsis
      Pintér Fodor Orsós Bíró Király Lukács
      """)

  static let romanian = Names(
    women: """
      Maria Elena Ana Ioana Andreea Mihaela Cristina Alexandra Daniela Gabriela Georgiana Raluca
      Simona Roxana Alina Diana Bianca Sofia Anastasia Ștefania Mădălina Oana Larisa Carmen Monica
      Teodora Ilinca Corina Cătălina Nicoleta
      """,
    men: """
      Andrei Alexandru Mihai Ion Gheorghe Vasile Constantin Cristian Ștefan Gabriel Ionuț Adrian
      Florin Marian Bogdan Răzvan Vlad Radu Cătălin George Nicolae Daniel Marius Sorin Lucian Dragoș
      Matei David Luca Tudor
      """,
    family: """
      Popa Popescu Pop Radu Ionescu Dumitru Stan Stoica Gheorghe Matei Ciobanu Rusu Munteanu
      Constantin Marin Lazăr Florea Dumitrescu Barbu Mocanu Stanciu Dinu Ungureanu Cristea Moldovan
      Nistor Tudor Șerban Neagu Dobre Enache Voicu Sârbu Țurcanu
      """)

  static let greek = Names(
    women: """
      Maria Eleni Katerina Vasiliki Sofia Angeliki Georgia Dimitra Konstantina Ioanna Anna Paraskevi
      Evangelia Christina Despina Athina Eirini Anastasia Panagiota Zoi Nikoletta Alexandra
      Chrysoula Stavroula Danai Foteini Theodora Olga Marina Kalliopi
      """,
    men: """
      Georgios Konstantinos Ioannis Dimitrios Nikolaos Panagiotis Vasileios Christos Athanasios
      Michail Evangelos Spyridon Antonios Anastasios Theodoros Andreas Charalampos Alexandros
      Emmanouil Stavros Petros Stefanos Apostolos Pavlos Grigorios Eleftherios Iason Orestis
      Stylianos Ilias
      """,
    family: """
      Papadopoulos/Papadopoulou Vlachos/Vlachou Angelopoulos/Angelopoulou Nikolaidis/Nikolaidou
      Georgiou Karagiannis/Karagianni Oikonomou Papageorgiou Makris/Makri
      Konstantinidis/Konstantinidou Dimopoulos/Dimopoulou Papaioannou Alexiou Ioannidis/Ioannidou
      Antoniou Vasileiou Athanasiou Pappas/Pappa Samaras/Samara Christodoulou
      Panagopoulos/Panagopoulou Theodorou Galanis/Galani Lamprou Mylonas/Mylona Kokkinos/Kokkinou
      Tsatsos/Tsatsou Kyriakou Zervas/Zerva Roussos/Roussou Markopoulos/Markopoulou Stavrou
      Petridis/Petridou
      """)

  static let turkish = Names(
    women: """
      Fatma Ayşe Emine Hatice Zeynep Elif Meryem Şerife Sultan Merve Büşra Esra Özlem Defne Ecrin
      Nehir Asya Ela Zehra Gamze Derya Sevgi Pınar Çiğdem Gül Hülya Yasemin İrem Selin Eylül
      """,
    men: """
      Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim İsmail Osman Yusuf Murat Ömer Emre Eymen Kerem
      Miraç Burak Can Cem Deniz Eren Furkan Gökhan Halil Kaan Kemal Onur Serkan Tolga Volkan
      """,
    family: """
      Yılmaz Kaya Demir Çelik Şahin Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan
      Çetin Kara Koç Kurt Özkan Şimşek Polat Korkmaz Çakır Erdoğan Yavuz Can Acar Aktaş Güneş
      Bozkurt Tekin Bulut Keskin Güler
      """)

  static let ukrainian = Names(
    women: """
      Olena Oksana Nataliia Iryna Tetiana Svitlana Anna Yuliia Mariia Sofiia Anastasiia Viktoriia
      Kateryna Daryna Olha Liudmyla Halyna Valentyna Nadiia Solomiia Zlata Polina Veronika Khrystyna
      Inna Alina Yana Larysa Bohdana Vira
      """,
    men: """
      Oleksandr Serhii Volodymyr Andrii Mykola Vasyl Yurii Viktor Ivan Dmytro Maksym Artem Bohdan
      Denys Taras Oleh Ihor Petro Roman Vitalii Anatolii Yevhen Pavlo Ruslan Nazar Mykhailo Danylo
      Tymofii Ostap Yaroslav
      """,
    family: """
      Melnyk Shevchenko Kovalenko Bondarenko Boiko Tkachenko Kravchenko Kovalchuk Koval Oliinyk
      Shevchuk Polishchuk Tkachuk Bondar Marchenko Lysenko Rudenko Savchenko Petrenko Moroz Klymenko
      Kravchuk Pavlenko Savchuk Kuzmenko Levchenko Ponomarenko Vasylenko Kostenko Yakovenko
      Hrytsenko Kovalskyi/Kovalska Bilyi/Bila Zelinskyi/Zelinska
      """)
}
