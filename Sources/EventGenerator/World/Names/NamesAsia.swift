extension Names {
  static let japanese = Names(
    women: """
      Yui Hina Aoi Sakura Yuna Rin Mei Himari Akari Misaki Haruka Ayaka Emi Yuka Naoko Yoko Keiko
      Mika Tomoko Asuka Kana Miyu Nanami Sora Kaori Chiyo Michiko Satomi Riko Honoka
      """,
    men: """
      Haruto Sota Yuto Ren Minato Hiroto Takumi Daiki Kenta Shota Kaito Riku Hiroshi Takashi Kenji
      Satoshi Akira Kazuki Naoki Yusuke Ryo Tatsuya Shinji Daisuke Koji Makoto Tsubasa Itsuki Yamato
      Asahi
      """,
    family: """
      Satō Suzuki Takahashi Tanaka Watanabe Itō Yamamoto Nakamura Kobayashi Katō Yoshida Yamada
      Sasaki Yamaguchi Matsumoto Inoue Kimura Hayashi Shimizu Saitō Yamazaki Mori Abe Ikeda
      Hashimoto Ishikawa Ogawa Maeda Fujita Okada Gotō Hasegawa Murakami Kondō Endō Aoki Sakamoto
      """)

  static let korean = Names(
    women: """
      Seo-yeon Ji-woo Min-seo Seo-yun Ha-yoon Ji-min Su-bin Ye-jin Yu-na Hye-jin Eun-ji Da-eun
      So-yeon Chae-won Ji-hye Mi-kyung Hyun-joo Soo-jin Young-mi Na-yeon Ha-eun Yoo-jin Bo-ram
      Ga-eun Ye-eun Min-ji Hee-jin Sun-hee A-reum Jung-ah
      """,
    men: """
      Min-jun Seo-jun Do-yun Ye-jun Si-woo Ha-jun Ji-ho Jun-seo Joon-ho Sung-min Hyun-woo Dong-hyun
      Ji-hoon Min-ho Woo-jin Tae-hyun Seung-hoon Young-ho Sang-hoon Jae-hyun Jin-woo Kyung-soo
      Eun-woo Jun-young Geon-woo Hyuk Chan-woo Kwang-su Ju-won In-ho
      """,
    family: """
      Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Oh Seo Shin Kwon Hwang Ahn Song Ryu Jeon
      Hong Ko Moon Yang Son Bae Baek Heo Yoo Nam Shim Noh Ha Kwak Sung Cha Joo Woo
      """)

  static let indian = Names(
    women: """
      Priya Ananya Aadhya Saanvi Pooja Neha Anjali Sunita Kavita Lakshmi Divya Shreya Meera
      Aishwarya Deepika Nandini Radha Sneha Swati Fatima Harpreet Gurleen Ishita Diya Kiara Riya
      Padma Revathi Shalini Ayesha Sushmita Mary
      """,
    men: """
      Aarav Vivaan Aditya Arjun Rahul Amit Rajesh Sanjay Vikram Suresh Ravi Karthik Rohan Ishaan
      Krishna Sai Mohammed Imran Harpreet Gurpreet Anil Manoj Deepak Ashok Nikhil Siddharth Ganesh
      Prakash Venkatesh Joseph Sourav Dhruv
      """,
    family: """
      Kumar Singh Sharma Patel Das Khan Gupta Yadav Reddy Verma Mishra Nair Iyer Joshi Rao Shah Jain
      Mehta Banerjee Mukherjee Chatterjee Ghosh Bose Pillai Menon Kaur Ali Ansari Chauhan Thakur
      Naidu Kulkarni Deshmukh Patil Agarwal Pandey Tiwari Subramanian Krishnan Fernandes D'Souza
      Bora
      """)

  static let indonesian = Names(
    women: """
      Siti Dewi Sri Putri Nur Ayu Rina Fitri Indah Wulan Ratna Lestari Yuni Kartika Maya Intan Citra
      Dian Eka Anisa Nadia Rani Mega Aulia Melati Wahyuni Made Ketut Tiara Bunga Yanti Kirana
      """,
    men: """
      Muhammad Agus Budi Ahmad Andi Dedi Eko Hendra Rizky Dimas Bayu Adi Joko Slamet Wahyu Fajar
      Yusuf Arif Rudi Bambang Gede Wayan Putu Irfan Iwan Teguh Reza Galih Ilham Surya Yoga Nyoman
      """,
    family: """
      Santoso Wijaya Saputra Setiawan Hidayat Kusuma Nugroho Pratama Siregar Nasution Lubis
      Simanjuntak Sinaga Harahap Situmorang Susanto Gunawan Hartono Kurniawan Suryadi Purnomo Wibowo
      Rahman Hakim Firmansyah Permana Utomo Suharto Halim Tanjung Ginting Tarigan Maulana Ramadhan
      Budiman Lim
      """)

  static let filipino = Names(
    women: """
      Maria Angelica Princess Althea Nicole Jasmine Kristine Mary-Ann Rose Joy Grace Michelle Angel
      Samantha Andrea Sofia Bea Camille Kathleen Liza Marites Rowena Lorna Maricel Analyn Ligaya
      Jennylyn Divine Erika Tala Dalisay Cherry
      """,
    men: """
      Jose Juan Mark John-Paul Christian Joshua Angelo Gabriel Miguel James Nathaniel Jericho Rodel
      Ronaldo Eduardo Ramon Antonio Emmanuel Rommel Jayson Arnel Dennis Francis Kenneth Bayani Alvin
      Jerome Paolo Carlo Reynaldo Marlon Efren
      """,
    family: """
      Santos Reyes Cruz Bautista Ocampo Garcia Mendoza Torres Tomas Andrada Castillo Flores
      Villanueva Ramos Castro Rivera Aquino Navarro Mercado Salazar Gonzales Fernandez Domingo
      Soriano Aguilar Pascual Valdez Manalo Macaraeg Dimaculangan Lim Tan Sy Magbanua Batungbakal
      Magsaysay Tolentino Panganiban
      """)

  static let thai = Names(
    women: """
      Siriporn Somying Malee Ratana Pimchanok Nattaya Kanya Suda Wanida Sunisa Apinya Chanida
      Kamonwan Nonglak Orawan Pornthip Rungnapa Supaporn Thanyarat Waraporn Ploy Pim Nicha Anchalee
      Busaba Dao Fah Jintana Lalita Araya
      """,
    men: """
      Somchai Somsak Somporn Nattapong Thanawat Chaiwat Prasert Wichai Anan Kittisak Surachai Arthit
      Chatchai Decha Ekkachai Krit Manop Narong Niran Pakorn Phuwadon Pongsakorn Prayut Sakda Sunan
      Thaksin Veera Worawut Yuttana Apichat
      """,
    family: """
      Saetang Saelim Saelee Saengthong Srisuk Thongdee Suwannarat Chaiyasit Bunmi Wongsa Rattanakorn
      Phromma Kaewmanee Chanthara Intharaksa Khamsing Boonsri Thongchai Sukjai Jaidee Phonphan
      Somboon Charoensuk Kittikul Limsakul Prasertsuk Ruangrit Saetia Siriwat Techasiri Udomsak
      Wattanapong Yodrak Chaowalit
      """)

  static let vietnamese = Names(
    women: """
      Linh Hương Lan Mai Thảo Trang Hà Phương Ngọc Hoa Hồng Thủy Yến Nhung Vy Anh Ly My Châu Diệp
      Giang Hạnh Khánh Kim Loan Nga Nhi Quỳnh Tâm Trinh Tuyết Xuân
      """,
    men: """
      Minh Hùng Dũng Tuấn Anh Nam Hải Long Quân Đức Hiếu Khoa Phúc Bảo Huy Khánh Cường Thắng Tùng
      Trung Việt Sơn Thành Hoàng Phong Quang Tài Toàn Đạt Kiên Lâm An
      """,
    family: """
      Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đào Đoàn Vương Trịnh
      Trương Lâm Phùng Mai Tô Hà Tạ Cao Lương Thái Châu Đinh Quách Kiều Tăng La
      """)

  static let malaysian = Names(
    women: """
      Nurul Siti Aisyah Fatimah Aina Farah Nadia Nur Izzati Hidayah Zainab Azlina Norhayati Syafiqah
      Amira Mei-Ling Hui-Yi Xin-Yi Li-Ting Siew-Lan Pei-Shan Kavitha Priya Shanti Thivya Balqis
      Sofea Hannah Liyana Marina
      """,
    men: """
      Muhammad Ahmad Mohd Amir Hafiz Faiz Irfan Azman Ismail Razak Syafiq Hakim Danial Zulkifli
      Aiman Wei-Jie Jun-Hao Kok-Wai Chee-Keong Zi-Xuan Boon-Hock Ravi Kumar Suresh Ganesan Adam
      Rayyan Farid Rizal Idris
      """,
    family: """
      Abdullah Ismail Ibrahim Ahmad Hassan Rahman Othman Yusof Aziz Hamid Tan Lim Lee Wong Ng Chong
      Ong Teoh Goh Cheah Yap Subramaniam Krishnan Muthu Raman Nair Singh Omar Salleh Zainal Kassim
      Mahmud Jaafar Harun Anak-Jugah Dass
      """)

  static let singaporean = Names(
    women: """
      Hui-Min Wei-Ling Xin-Yi Jia-Hui Mei-Ling Shu-Fen Li-Ying Rachel Michelle Jasmine Cheryl Grace
      Vanessa Nicole Charlotte Chloe Siti Nurul Aisyah Farhana Priya Kavitha Deepa Shalini Sarah
      Amanda Yi-Xuan Zhi-Ning Pei-Wen Si-Hui
      """,
    men: """
      Wei-Ming Jun-Wei Jia-Hao Zhi-Hao Kai-Wen Yong-Jie Boon-Kiat Kok-Leong Jun-Jie Ryan Ethan Lucas
      Marcus Darren Benjamin Nicholas Adam Muhammad Hafiz Faizal Iskandar Arjun Vikram Rajesh Suresh
      Alvin Kelvin Desmond Yi-Jun Zi-Yang
      """,
    family: """
      Tan Lim Lee Ng Ong Wong Goh Chua Chan Koh Teo Ang Yeo Tay Ho Low Toh Sim Chong Chia Seah Quek
      Ismail Rahman Abdullah Ibrahim Singh Kumar Nair Pillai Menon Pereira Heng Phua Foo Wee
      """)
}
