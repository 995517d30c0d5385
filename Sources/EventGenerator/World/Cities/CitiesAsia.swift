extension CityTables {
  /// Asia east of the Indus, with Singapore by its towns.
  static let asia = """
    JP|Tokyo|Tokyo|100-0001|35.6895|139.6917|9733
    JP|Yokohama|Kanagawa|231-0017|35.4437|139.6380|3777
    JP|Osaka|Osaka|530-0001|34.6937|135.5023|2752
    JP|Nagoya|Aichi|450-0002|35.1815|136.9066|2332
    JP|Sapporo|Hokkaido|060-0001|43.0618|141.3545|1973
    JP|Fukuoka|Fukuoka|810-0001|33.5902|130.4017|1612
    JP|Kawasaki|Kanagawa|210-0007|35.5308|139.7030|1538
    JP|Kobe|Hyogo|650-0001|34.6901|135.1956|1525
    JP|Kyoto|Kyoto|600-8216|35.0116|135.7681|1464
    JP|Hiroshima|Hiroshima|730-0011|34.3853|132.4553|1201
    JP|Sendai|Miyagi|980-0021|38.2682|140.8694|1097
    JP|Niigata|Niigata|950-0087|37.9161|139.0364|789
    JP|Naha|Okinawa|900-0015|26.2124|127.6809|318
    KR|Seoul|Seoul|04524|37.5665|126.9780|9586
    KR|Busan|Busan|47545|35.1796|129.0756|3349
    KR|Incheon|Incheon|21554|37.4563|126.7052|2945
    KR|Daegu|Daegu|41911|35.8714|128.6014|2411
    KR|Daejeon|Daejeon|35242|36.3504|127.3845|1488
    KR|Gwangju|Gwangju|61945|35.1595|126.8526|1478
    KR|Suwon|Gyeonggi|16490|37.2636|127.0286|1186
    KR|Ulsan|Ulsan|44675|35.5384|129.3114|1136
    KR|Jeonju|Jeonbuk|54994|35.8242|127.1480|657
    KR|Jeju|Jeju|63122|33.4996|126.5312|491
    IN|Mumbai|Maharashtra|400001|19.0760|72.8777|12442
    IN|Delhi|Delhi|110001|28.6139|77.2090|11035
    IN|Bengaluru|Karnataka|560001|12.9716|77.5946|8443
    IN|Hyderabad|Telangana|500001|17.3850|78.4867|6810
    IN|Ahmedabad|Gujarat|380001|23.0225|72.5714|5578
    IN|Chennai|Tamil Nadu|600001|13.0827|80.2707|4647
    IN|Kolkata|West Bengal|700001|22.5726|88.3639|4497
    IN|Surat|Gujarat|395003|21.1702|72.8311|4467
    IN|Pune|Maharashtra|411001|18.5204|73.8567|3124
    IN|Jaipur|Rajasthan|302001|26.9124|75.7873|3046
    IN|Lucknow|Uttar Pradesh|226001|26.8467|80.9462|2817
    IN|Indore|Madhya Pradesh|452001|22.7196|75.8577|1964
    IN|Bhubaneswar|Odisha|751001|20.2961|85.8245|838
    IN|Guwahati|Assam|781001|26.1445|91.7362|957
    IN|Kochi|Kerala|682011|9.9312|76.2673|602
    ID|Jakarta|DKI Jakarta|10110|-6.2088|106.8456|10562
    ID|Surabaya|Jawa Timur|60275|-7.2575|112.7521|2874
    ID|Bekasi|Jawa Barat|17141|-6.2383|106.9756|2544
    ID|Bandung|Jawa Barat|40111|-6.9175|107.6191|2444
    ID|Medan|Sumatera Utara|20112|3.5952|98.6722|2435
    ID|Palembang|Sumatera Selatan|30126|-2.9761|104.7754|1669
    ID|Semarang|Jawa Tengah|50132|-6.9667|110.4167|1653
    ID|Makassar|Sulawesi Selatan|90111|-5.1477|119.4327|1424
    ID|Denpasar|Bali|80232|-8.6705|115.2126|725
    ID|Pontianak|Kalimantan Barat|78121|-0.0263|109.3425|659
    ID|Yogyakarta|DI Yogyakarta|55111|-7.7956|110.3695|374
    PH|Quezon City|Metro Manila|1100|14.6760|121.0437|2960
    PH|Manila|Metro Manila|1000|14.5995|120.9842|1847
    PH|Davao City|Davao del Sur|8000|7.1907|125.4553|1777
    PH|Caloocan|Metro Manila|1400|14.6507|120.9676|1662
    PH|Zamboanga City|Zamboanga del Sur|7000|6.9214|122.0790|977
    PH|Cebu City|Cebu|6000|10.3157|123.8854|964
    PH|Cagayan de Oro|Misamis Oriental|9000|8.4542|124.6319|728
    PH|Bacolod|Negros Occidental|6100|10.6765|122.9509|601
    PH|Iloilo City|Iloilo|5000|10.7202|122.5621|457
    PH|Baguio|Benguet|2600|16.4023|120.5960|366
    TH|Bangkok|Bangkok|10200|13.7563|100.5018|5588
    TH|Nonthaburi|Nonthaburi|11000|13.8591|100.5217|251
    TH|Hat Yai|Songkhla|90110|7.0086|100.4747|149
    TH|Chiang Mai|Chiang Mai|50200|18.7883|98.9853|127
    TH|Nakhon Ratchasima|Nakhon Ratchasima|30000|14.9799|102.0978|126
    TH|Udon Thani|Udon Thani|41000|17.4138|102.7872|131
    TH|Khon Kaen|Khon Kaen|40000|16.4322|102.8236|113
    TH|Pattaya|Chon Buri|20150|12.9236|100.8825|119
    TH|Phuket|Phuket|83000|7.8804|98.3923|79
    VN|Thành phố Hồ Chí Minh|Thành phố Hồ Chí Minh|700000|10.8231|106.6297|8993
    VN|Hà Nội|Hà Nội|100000|21.0285|105.8542|8054
    VN|Hải Phòng|Hải Phòng|180000|20.8449|106.6881|2029
    VN|Cần Thơ|Cần Thơ|900000|10.0452|105.7469|1235
    VN|Đà Nẵng|Đà Nẵng|550000|16.0544|108.2022|1134
    VN|Biên Hòa|Đồng Nai|810000|10.9574|106.8427|1055
    VN|Huế|Thừa Thiên Huế|530000|16.4637|107.5909|455
    VN|Nha Trang|Khánh Hòa|650000|12.2388|109.1967|422
    VN|Đà Lạt|Lâm Đồng|670000|11.9404|108.4583|226
    MY|Kuala Lumpur|Kuala Lumpur|50000|3.1390|101.6869|1982
    MY|Johor Bahru|Johor|80000|1.4927|103.7414|858
    MY|Ipoh|Perak|30000|4.5975|101.0901|760
    MY|George Town|Pulau Pinang|10000|5.4141|100.3288|794
    MY|Shah Alam|Selangor|40000|3.0733|101.5185|812
    MY|Petaling Jaya|Selangor|46000|3.1073|101.6067|771
    MY|Kuching|Sarawak|93000|1.5535|110.3593|570
    MY|Kota Kinabalu|Sabah|88000|5.9804|116.0735|500
    MY|Melaka|Melaka|75000|2.1896|102.2501|453
    SG|Bedok|East|460208|1.3236|103.9273|276
    SG|Tampines|East|529510|1.3496|103.9568|259
    SG|Jurong West|West|640502|1.3404|103.7090|262
    SG|Woodlands|North|738099|1.4382|103.7890|255
    SG|Hougang|North-East|530805|1.3612|103.8863|227
    SG|Ang Mo Kio|North-East|560715|1.3691|103.8454|162
    SG|Toa Payoh|Central|310480|1.3343|103.8563|121
    SG|Queenstown|Central|149053|1.2942|103.7861|96
    SG|Orchard|Central|238801|1.3048|103.8318|13
    """
}
