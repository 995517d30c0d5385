extension Names {
  /// The Arabic-speaking East: Egypt, the Emirates, Saudi Arabia.
  static let arabic = Names(
    women: """
      Fatima Maryam Aisha Nour Sara Layla Huda Amina Salma Yasmin Hana Reem Noura Mona Dina Rania
      Lina Mariam Khadija Zainab Dalal Ghada Samira Shaimaa Abeer Lamia Asma Farah Jana Rawan Maha
      Sheikha
      """,
    men: """
      Mohammed Ahmed Ali Omar Abdullah Khalid Youssef Ibrahim Hassan Mahmoud Mostafa Hussein Saleh
      Fahad Faisal Sultan Saud Tariq Hamad Majid Nasser Rashid Karim Amr Tamer Sherif Ziad Adel
      Bilal Zayed Walid Mansour
      """,
    family: """
      Hassan Ibrahim Mahmoud Ali Mostafa El-Sayed Abdelrahman Farouk Mansour Saleh Al-Ghamdi
      Al-Otaibi Al-Qahtani Al-Harbi Al-Zahrani Al-Dosari Al-Shehri Al-Mutairi Al-Maktoum Al-Mansoori
      Al-Nuaimi Al-Suwaidi Al-Mazrouei Al-Shamsi Al-Hashimi Nasser Khalil Haddad Kamal Fathy Shaheen
      Younis El-Masry Gaber Soliman Zaki
      """)

  static let moroccan = Names(
    women: """
      Fatima Khadija Aïcha Maryam Salma Imane Zineb Hajar Sanae Naïma Latifa Malika Ghita Kenza
      Yasmine Nadia Houda Samira Hind Loubna Meryem Asmae Rim Soukaina Btissam Chaïma Aya Safae
      Ikram Tamou
      """,
    men: """
      Mohamed Ahmed Youssef Hassan Rachid Omar Hamza Mehdi Amine Ayoub Yassine Khalid Said Abdellah
      Driss Karim Nabil Anas Othmane Soufiane Bilal Zakaria Ilyas Reda Mustapha Brahim Hicham Jamal
      Adil Tarik
      """,
    family: """
      Alaoui Idrissi Bennani Benjelloun Tazi Fassi Berrada El-Amrani El-Fassi Chraïbi Lahlou
      Benkirane Ouazzani Bouazza Haddad Naciri Filali Mansouri Saïdi Kabbaj Sefrioui Cherkaoui
      Zerouali Amrani Belhaj Bakkali El-Khattabi Ait-Ali Ouali Rami Skalli Ziani Ghazi
      """)

  static let hebrew = Names(
    women: """
      Tamar Noa Maya Avigail Yael Adi Shira Michal Talia Sarah Rachel Rivka Esther Hila Liora Ronit
      Orly Dana Inbar Keren Moran Sivan Galit Efrat Chaya Miriam Yaara Ayala Lea Nurit
      """,
    men: """
      David Noam Ariel Uri Itai Yosef Moshe Daniel Eitan Amir Omer Guy Yonatan Avi Eyal Gal Ido Lior
      Nadav Oren Ronen Roi Shai Tal Tomer Yair Yaakov Yehuda Asaf Boaz
      """,
    family: """
      Cohen Levi Mizrahi Peretz Biton Dahan Avraham Friedman Malka Azoulay Katz Yosef David Amar
      Ohayon Hadad Gabay Ben-David Adri Levin Tal Klein Shalom Segal Golan Ben-Shimon Shapira
      Goldberg Weiss Barak Harel Rosenberg Baruch Khoury
      """)

  /// Yoruba, Igbo and Hausa.
  static let nigerian = Names(
    women: """
      Chioma Ngozi Amaka Adaeze Ifeoma Chinwe Blessing Grace Joy Patience Aisha Fatima Zainab Hauwa
      Halima Folake Yetunde Titilayo Ayomide Temitope Bukola Funmilayo Kehinde Simisola Oluwaseun
      Ebele Nneka Uche Amina Precious
      """,
    men: """
      Chukwuemeka Emeka Chinedu Obinna Ikenna Ifeanyi Kelechi Uchenna Oluwaseun Babatunde Adebayo
      Olumide Tunde Femi Segun Kayode Ayodele Gbenga Taiwo Ibrahim Musa Abubakar Yusuf Aminu Sani
      Usman Emmanuel Samuel Sunday Chidi
      """,
    family: """
      Okafor Okeke Eze Nwosu Obi Okonkwo Onyekachi Nwachukwu Igwe Okoro Adeyemi Adebayo Ogunleye
      Akinola Balogun Oladipo Afolabi Olawale Adeleke Ojo Bello Abubakar Mohammed Musa Ibrahim
      Suleiman Garba Danjuma Lawal Yusuf Usman Chukwu Effiong Etim Okpara Osagie
      """)

  static let kenyan = Names(
    women: """
      Wanjiku Akinyi Njeri Achieng Wambui Mary Faith Mercy Grace Jane Wangari Nyambura Atieno Chebet
      Jepkosgei Cherono Muthoni Wairimu Esther Ruth Lilian Caroline Joyce Halima Amina Naliaka
      Nekesa Mwende Kanini Purity
      """,
    men: """
      Kamau Otieno Mwangi Kiprop Brian Kevin Dennis Peter John James Joseph Samuel David Daniel
      Ochieng Odhiambo Omondi Kipchoge Kibet Cheruiyot Njoroge Kariuki Mutua Musyoka Wafula Barasa
      Hassan Ali Juma Collins
      """,
    family: """
      Mwangi Otieno Kamau Maina Njoroge Kariuki Odhiambo Ochieng Omondi Wanjala Wafula Kiptoo
      Kipkemboi Cheruiyot Koech Rotich Mutua Musyoka Kilonzo Nzioka Kimani Karanja Gitau Waweru
      Ndungu Mbugua Onyango Okoth Owino Nyong'o Juma Hassan Abdi Barasa Simiyu
      """)

  static let ghanaian = Names(
    women: """
      Akosua Adwoa Abena Akua Yaa Afia Ama Grace Mary Abigail Esther Comfort Mercy Vida Gifty Efua
      Esi Araba Naa Dede Akweley Rukaya Fati Mariama Sena Dzifa Enyonam Priscilla Belinda Serwaa
      """,
    men: """
      Kwasi Kwadwo Kwabena Kwaku Yaw Kofi Kwame Emmanuel Samuel Isaac Daniel Joseph Ebenezer Nii
      Nana Kojo Kobina Ekow Fiifi Selorm Edem Senyo Ibrahim Abdulai Alhassan Issah Richmond Prince
      Bismarck Ato
      """,
    family: """
      Mensah Owusu Asante Boateng Osei Appiah Agyemang Addo Amoah Antwi Acheampong Ofori Opoku Adjei
      Amponsah Sarpong Frimpong Asamoah Gyamfi Quaye Lartey Tetteh Nartey Ansah Aidoo Essien Arthur
      Quansah Agbeko Dogbe Amegah Mahama Alhassan Iddrisu Yakubu Abdulai
      """)

  static let southAfrican = Names(
    women: """
      Nomvula Thandiwe Lerato Nokuthula Zanele Palesa Precious Lindiwe Nandi Busisiwe Ayanda Naledi
      Refilwe Kgomotso Mary Sarah Anna Elizabeth Chantelle Annelize Marié Elmarie Zoë Fatima Priya
      Candice Bianca Thulile Boitumelo Khanyisile
      """,
    men: """
      Sipho Thabo Bongani Sibusiso Lwazi Themba Mandla Tshepo Kagiso Lethabo Siyabonga Luyanda Vusi
      Johannes Pieter Hendrik Jacobus Francois Ruan Christo Michael David Riaan Yusuf Ashwin Junior
      Katlego Mpho Nkosinathi Andries
      """,
    family: """
      Dlamini Nkosi Ndlovu Khumalo Sithole Mkhize Mokoena Botha Pretorius Naidoo Zulu Mthembu
      Mahlangu Molefe Smith Venter Nel Coetzee Kruger Steyn Govender Pillay Ngcobo Zungu Cele
      Buthelezi Maseko Baloyi Chauke Mabaso Modise Tshabalala Fourie Viljoen Jacobs Adams September
      Davids
      """)
}
