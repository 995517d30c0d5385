extension Names {
  static let canadian = Names(
    women: """
      Olivia Emma Charlotte Sophia Amelia Chloé Mia Ava Léa Florence Alice Rosalie Zoé Abigail Emily
      Hannah Isabelle Sarah Jessica Jennifer Nathalie Julie Megan Priya Simran Mei Camille Audrey
      Maëlle Rebecca
      """,
    men: """
      Noah Liam William Benjamin Lucas Ethan Oliver Jack Logan Thomas Félix Nathan Olivier Samuel
      Jérémy Alexandre Mathieu Étienne Ryan Tyler Connor Owen Arjun Harpreet Daniel Matthew Michael
      David Émile Jacob
      """,
    family: """
      Smith Tremblay Brown Martin Roy Wilson Gagnon Lee Johnson MacDonald Taylor Côté Campbell
      Anderson Bouchard Leblanc Gauthier Jones Singh Wong Williams Morin Lavoie Fortin Gagné Stewart
      Ouellet Pelletier Bélanger Lévesque Bergeron Thompson Chen Patel Fraser Poirier Nguyen
      Desjardins
      """)

  /// Mexico and the Spanish-speaking countries of South America.
  static let latinAmerican = Names(
    women: """
      María Sofía Valentina Isabella Camila Valeria Mariana Gabriela Daniela Luciana Martina
      Fernanda Ximena Juana Guadalupe Alejandra Paola Carolina Andrea Natalia Antonella Renata
      Catalina Victoria Lucía Rosa Verónica Adriana Mónica Julieta Rocío Yesenia
      """,
    men: """
      Santiago Mateo Juan José Luis Carlos Sebastián Matías Diego Nicolás Alejandro Miguel Jorge
      Samuel Daniel Emiliano Benjamín Joaquín Andrés Felipe Fernando Ricardo Eduardo Thiago Tomás
      Rodrigo Gabriel Martín Iván Óscar César Hernán
      """,
    family: """
      González Rodríguez García Hernández Martínez López Pérez Sánchez Ramírez Flores Gómez Díaz
      Torres Vargas Rojas Muñoz Castro Morales Ortiz Romero Quispe Mamani Fernández Gutiérrez Ruiz
      Álvarez Mendoza Castillo Jiménez Reyes Cruz Silva Contreras Sepúlveda Araya Restrepo Ospina
      Benítez Acosta Herrera Medina Núñez Figueroa Ibáñez
      """)

  static let brazilian = Names(
    women: """
      Maria Ana Helena Alice Laura Júlia Beatriz Gabriela Camila Letícia Larissa Amanda Bruna
      Fernanda Juliana Mariana Luíza Isabela Manuela Valentina Sofia Heloísa Yasmin Vitória Patrícia
      Aline Vanessa Lívia Cecília Antônia Débora Raíssa
      """,
    men: """
      José João Antônio Francisco Carlos Paulo Pedro Lucas Luiz Marcos Gabriel Rafael Daniel Miguel
      Arthur Heitor Bernardo Davi Matheus Felipe Bruno Rodrigo Gustavo Guilherme Thiago Vinícius
      Eduardo Caio Leonardo André Enzo Murilo
      """,
    family: """
      Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro Martins
      Carvalho Almeida Lopes Soares Fernandes Vieira Barbosa Rocha Dias Nascimento Andrade Moreira
      Nunes Marques Machado Mendes Freitas Cardoso Ramos Gonçalves Teixeira Araújo Cavalcanti Moura
      Monteiro Nakamura Schneider
      """)

  /// Australia and New Zealand.
  static let australasian = Names(
    women: """
      Charlotte Olivia Amelia Isla Mia Ava Grace Matilda Willow Ruby Chloe Sophie Emily Jessica
      Sarah Georgia Lucy Zoe Hannah Ella Evie Harper Maia Aroha Anahera Kirra Tahlia Bronte Sienna
      Poppy Mei Ngaire
      """,
    men: """
      Oliver Noah William Jack Leo Henry Charlie Thomas Lachlan Hamish Ethan Lucas James Cooper
      Joshua Riley Angus Harrison Liam Hunter Max Xavier Nikau Tāne Mikaere Blake Mitchell Bailey
      Flynn Jarrah Ryan Wiremu
      """,
    family: """
      Smith Jones Williams Brown Wilson Taylor Johnson White Martin Anderson Thompson Nguyen Walker
      Harris Lee Ryan Robinson Kelly King Davis Wright Evans Roberts Green Hall Wood Singh Campbell
      Mitchell Young Clarke Kaur Patel Ngata Parata Tamihana Papadopoulos McKenzie
      """)
}
