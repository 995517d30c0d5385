/// Given and family names that users get. The order within a list is roughly by how common a name
/// is, which `weight(ofRank:)` turns into a weight.
enum People {
  static let women = words(
    """
    Emma Olivia Ava Sophia Isabella Mia Charlotte Amelia Harper Evelyn Abigail Emily Elizabeth Ella
    Madison Avery Sofía Chloe Grace Victoria Lily Hannah Zoe Layla Nora Riley Aria Scarlett Aubrey
    Addison Natalie Lillian Brooklyn Leah Stella Hazel Ellie Violet Aurora Savannah Audrey Claire
    Lucy Anna Caroline Genesis Kennedy Samantha Maya Willow Naomi Aaliyah Elena Sarah Ariana Allison
    Gabriella Alice Madelyn Cora Ruby Eva Serenity Autumn Hailey Gianna Valentina Isla Eliana Quinn
    Ivy Sadie Piper Lydia Alexa Josephine Julia Delilah Vivian Kaylee Sophie Brielle Madeline Peyton
    Rylee Clara Hadley Melanie Mackenzie Reagan Adalynn Liliana Aubree Jade Katherine Isabelle
    Zoë Renée Noémie María José
    """)
  static let men = words(
    """
    Liam Noah William James Oliver Benjamin Elijah Lucas Mason Logan Alexander Ethan Jacob Michael
    Daniel Henry Jackson Sebastian Aiden Matthew Samuel David Joseph Carter Owen Wyatt John Jack
    Luke Jayden Dylan Grayson Levi Isaac Gabriel Julian Mateo Anthony Jaxon Lincoln Joshua
    Christopher Andrew Theodore Caleb Ryan Asher Nathan Thomas Leo Isaiah Charles Josiah Hudson
    Christian Hunter Connor Eli Ezra Aaron Landon Adrian Jonathan Nolan Jeremiah Easton Elias Colton
    Cameron Carson Robert Angel Maverick Nicholas Dominic Jaxson Greyson Adam Ian Austin Santiago
    Jordan Cooper Brayden Roman Evan Ezekiel Xavier Jose Jace Jameson Leonardo Bryson Axel Everett
    Parker Kayden Miles André Jesús
    """)
  static let family = words(
    """
    Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez
    Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris
    Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill
    Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips
    Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers
    Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson
    Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders
    Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler
    Henderson Barnes Gonzales Fisher Vasquez Simmons Romero Jordan Patterson Alexander Hamilton
    Graham Reynolds Griffin Wallace Moreno West Cole Hayes Bryant Herrera Gibson Ellis Tran Medina
    Aguilar Stevens Murray Ford Castro Marshall Owens Harrison Fernandez McDonald Woods Washington
    Kennedy Wells Vargas Henry Chen Freeman Webb Tucker Guzman Burns Crawford Olson Simpson Porter
    Hunter Gordon Mendez Silva Shaw Snyder Mason Dixon Muñoz Hunt Hicks Holmes Palmer Wagner Black
    Robertson Boyd Rose Stone Salazar Fox Warren Mills Meyer Rice Schmidt O'Brien O'Connor Núñez
    Peña García-López
    """)

  /// The weight of the name at a place of its list: a flat power law, under which no name dominates.
  static func weight(ofRank rank: Int) -> Double {
    1 / (Double(rank) + 20)
  }

  private static func words(_ text: String) -> [String] {
    text.split(whereSeparator: \.isWhitespace).map(String.init)
  }
}
