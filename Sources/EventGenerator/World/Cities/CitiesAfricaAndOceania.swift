extension CityTables {
  /// Africa, the Middle East, Australia and New Zealand. The Emirates have no postal codes.
  static let africaAndOceania = """
    AU|Sydney|NSW|2000|-33.8688|151.2093|5367
    AU|Melbourne|VIC|3000|-37.8136|144.9631|5159
    AU|Brisbane|QLD|4000|-27.4698|153.0251|2560
    AU|Perth|WA|6000|-31.9505|115.8605|2125
    AU|Adelaide|SA|5000|-34.9285|138.6007|1377
    AU|Gold Coast|QLD|4217|-28.0167|153.4000|679
    AU|Newcastle|NSW|2300|-32.9283|151.7817|323
    AU|Canberra|ACT|2601|-35.2809|149.1300|431
    AU|Hobart|TAS|7000|-42.8821|147.3272|238
    AU|Townsville|QLD|4810|-19.2590|146.8169|180
    AU|Cairns|QLD|4870|-16.9186|145.7781|153
    AU|Darwin|NT|0800|-12.4634|130.8456|147
    NZ|Auckland|Auckland|1010|-36.8485|174.7633|1470
    NZ|Christchurch|Canterbury|8011|-43.5321|172.6362|381
    NZ|Wellington|Wellington|6011|-41.2866|174.7756|215
    NZ|Hamilton|Waikato|3204|-37.7870|175.2793|176
    NZ|Tauranga|Bay of Plenty|3110|-37.6878|176.1651|151
    NZ|Dunedin|Otago|9016|-45.8788|170.5028|104
    NZ|Palmerston North|Manawatū-Whanganui|4410|-40.3523|175.6082|81
    NZ|Nelson|Nelson|7010|-41.2706|173.2840|51
    NZ|Queenstown|Otago|9300|-45.0312|168.6626|16
    ZA|Johannesburg|Gauteng|2001|-26.2041|28.0473|5635
    ZA|Cape Town|Western Cape|8001|-33.9249|18.4241|4618
    ZA|Durban|KwaZulu-Natal|4001|-29.8587|31.0218|3721
    ZA|Pretoria|Gauteng|0002|-25.7479|28.2293|2472
    ZA|Gqeberha|Eastern Cape|6001|-33.9608|25.6022|1206
    ZA|Bloemfontein|Free State|9301|-29.0852|26.1596|556
    ZA|East London|Eastern Cape|5201|-33.0153|27.9116|479
    ZA|Mbombela|Mpumalanga|1201|-25.4753|30.9694|110
    ZA|Polokwane|Limpopo|0699|-23.9045|29.4689|130
    ZA|Kimberley|Northern Cape|8301|-28.7282|24.7499|225
    NG|Lagos|Lagos|100001|6.5244|3.3792|14368
    NG|Kano|Kano|700001|12.0022|8.5920|3999
    NG|Ibadan|Oyo|200001|7.3775|3.9470|3552
    NG|Abuja|FCT|900001|9.0765|7.3986|3278
    NG|Port Harcourt|Rivers|500001|4.8156|7.0498|3020
    NG|Benin City|Edo|300001|6.3350|5.6037|1727
    NG|Kaduna|Kaduna|800001|10.5105|7.4165|1113
    NG|Enugu|Enugu|400001|6.4584|7.5464|796
    NG|Jos|Plateau|930001|9.8965|8.8583|906
    NG|Maiduguri|Borno|600001|11.8333|13.1500|787
    KE|Nairobi|Nairobi|00100|-1.2921|36.8219|4397
    KE|Mombasa|Mombasa|80100|-4.0435|39.6682|1208
    KE|Nakuru|Nakuru|20100|-0.3031|36.0800|570
    KE|Eldoret|Uasin Gishu|30100|0.5143|35.2698|476
    KE|Kisumu|Kisumu|40100|-0.0917|34.7680|397
    KE|Thika|Kiambu|01000|-1.0333|37.0693|251
    KE|Malindi|Kilifi|80200|-3.2192|40.1169|120
    KE|Nyeri|Nyeri|10100|-0.4201|36.9476|98
    GH|Accra|Greater Accra|GA184|5.6037|-0.1870|2388
    GH|Kumasi|Ashanti|AK039|6.6885|-1.6244|2069
    GH|Tamale|Northern|NT001|9.4008|-0.8393|562
    GH|Sekondi-Takoradi|Western|WS001|4.9340|-1.7137|445
    GH|Tema|Greater Accra|GT020|5.6698|-0.0166|292
    GH|Cape Coast|Central|CC001|5.1053|-1.2466|170
    GH|Koforidua|Eastern|EN010|6.0941|-0.2591|127
    GH|Sunyani|Bono|BS001|7.3399|-2.3268|123
    GH|Ho|Volta|VH001|6.6008|0.4713|104
    EG|Cairo|Cairo|11511|30.0444|31.2357|9540
    EG|Alexandria|Alexandria|21500|31.2001|29.9187|5200
    EG|Giza|Giza|12511|30.0131|31.2089|4239
    EG|Port Said|Port Said|42511|31.2653|32.3019|750
    EG|Suez|Suez|43511|29.9668|32.5498|728
    EG|Mansoura|Dakahlia|35511|31.0409|31.3785|540
    EG|Tanta|Gharbia|31511|30.7865|31.0004|508
    EG|Asyut|Asyut|71511|27.1809|31.1837|462
    EG|Luxor|Luxor|85511|25.6872|32.6396|422
    EG|Aswan|Aswan|81511|24.0889|32.8998|322
    MA|Casablanca|Casablanca-Settat|20000|33.5731|-7.5898|3360
    MA|Fès|Fès-Meknès|30000|34.0181|-5.0078|1112
    MA|Tanger|Tanger-Tétouan-Al Hoceïma|90000|35.7595|-5.8340|948
    MA|Marrakech|Marrakech-Safi|40000|31.6295|-7.9811|929
    MA|Salé|Rabat-Salé-Kénitra|11000|34.0531|-6.7985|890
    MA|Meknès|Fès-Meknès|50000|33.8935|-5.5473|632
    MA|Rabat|Rabat-Salé-Kénitra|10000|34.0209|-6.8416|578
    MA|Oujda|Oriental|60000|34.6814|-1.9086|494
    MA|Agadir|Souss-Massa|80000|30.4278|-9.5981|421
    IL|Jerusalem|Jerusalem|9414219|31.7683|35.2137|952
    IL|Tel Aviv-Yafo|Tel Aviv|6423806|32.0853|34.7818|461
    IL|Haifa|Haifa|3303142|32.7940|34.9896|285
    IL|Rishon LeZion|Central|7528809|31.9730|34.7925|254
    IL|Petah Tikva|Central|4951447|32.0840|34.8878|248
    IL|Ashdod|Southern|7745206|31.8014|34.6435|225
    IL|Netanya|Central|4240201|32.3215|34.8532|221
    IL|Beer Sheva|Southern|8410501|31.2530|34.7915|210
    AE|Dubai|Dubai||25.2048|55.2708|3411
    AE|Abu Dhabi|Abu Dhabi||24.4539|54.3773|1483
    AE|Sharjah|Sharjah||25.3463|55.4209|1405
    AE|Al Ain|Abu Dhabi||24.2075|55.7447|767
    AE|Ajman|Ajman||25.4052|55.5136|490
    AE|Ras Al Khaimah|Ras Al Khaimah||25.7895|55.9432|345
    AE|Fujairah|Fujairah||25.1288|56.3265|97
    SA|Riyadh|Riyadh|11564|24.7136|46.6753|7009
    SA|Jeddah|Makkah|21442|21.4858|39.1925|3751
    SA|Makkah|Makkah|21955|21.3891|39.8579|2427
    SA|Madinah|Madinah|42311|24.5247|39.5692|1477
    SA|Dammam|Eastern Province|31433|26.4207|50.0888|1386
    SA|Taif|Makkah|21944|21.2703|40.4158|563
    SA|Tabuk|Tabuk|47311|28.3838|36.5550|594
    SA|Buraydah|Al-Qassim|51411|26.3260|43.9750|571
    SA|Abha|Asir|62521|18.2164|42.5053|334
    """
}
