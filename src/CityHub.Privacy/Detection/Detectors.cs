using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using static CityHub.Privacy.PersonalDataClass;

namespace CityHub.Privacy;

/// <summary>All kinds of personal data that are looked for. Their rules see one value; <see cref="TableScan"/> judges columns, <see cref="PiiScanner"/> finds them in running text.</summary>
public static class Detectors
{
    private static readonly List<Detector> all = [];
    private static readonly List<Detector> labelled = [];
    private static readonly SearchValues<byte> AccountLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"u8);

    // Papers and numbers of persons.
    public static readonly Detector ResidentId = Add("resident-id", "居民身份号码", "Resident identity number", DirectIdentifier, 7e-6, "GB 11643-1999",
        "身份证|身份号码|证件号|证件编号|证照号|sfz|sfzh|sfzhm|sfzjhm|zjhm|gmsfhm|id card|idcard|idno|id no|id number|identity|citizen id|national id", (in Cell c) => IdentityNumbers.IsResident(c.Compact));
    public static readonly Detector OldResidentId = Add("resident-id-15", "15位居民身份号码", "Resident identity number of 15 digits", DirectIdentifier, 3e-3, "GB 11643-1989",
        "身份证|身份号码|证件号|sfz|sfzh|sfzhm|id card|idcard|idno|id no|id number", (in Cell c) => IdentityNumbers.IsOldResident(c.Compact));
    public static readonly Detector ResidencePermit = Add("residence-permit", "港澳台居民居住证", "Residence permit for people of Hong Kong, Macao and Taiwan", DirectIdentifier, 3e-6, "State Council decree 2018, GB 11643",
        "居住证|身份证|证件号|jzz|jzzh|residence permit|id card", (in Cell c) => IdentityNumbers.IsResidencePermit(c.Compact));
    public static readonly Detector ForeignPermanentId = Add("foreign-permanent-id", "外国人永久居留身份证", "Permanent residence card of foreigners", DirectIdentifier, 3e-6, "National Immigration Administration 2023",
        "永久居留|永居|证件号|permanent resident|permanent residence", (in Cell c) => IdentityNumbers.IsForeignPermanent(c.Compact));
    public static readonly Detector Passport = Add("passport", "护照", "Passport of mainland China", DirectIdentifier, 0.15, "GA/T 1012, ICAO 9303",
        "护照|证件号|hzh|hzhm|passport", (in Cell c) => IdentityNumbers.IsPassport(c.Compact));
    public static readonly Detector HongKongMacaoPermit = Add("hk-macao-permit", "港澳通行证", "Travel permit for Hong Kong and Macao", DirectIdentifier, 0.1, "National Immigration Administration",
        "港澳|回乡证|通行证|证件号|home return permit|travel permit|hk permit", (in Cell c) => IdentityNumbers.IsHongKongMacao(c.Compact));
    public static readonly Detector TaiwanPermit = Label("taiwan-permit", "台湾通行证", "Travel permit for Taiwan", DirectIdentifier, 1, "National Immigration Administration",
        "台胞证|台湾|台湾通行证|大陆居民往来台湾|taiwan permit|taiwan compatriot", (in Cell c) => IdentityNumbers.IsTaiwan(c.Compact));
    public static readonly Detector OfficerCard = Add("officer-card", "军官证", "Card of officers and soldiers", DirectIdentifier, 1e-3, "by its usual form",
        "军官证|士兵证|警官证|军人证|文职|证件号|officer card|military id", (in Cell c) => IdentityNumbers.IsOfficerCard(c.Text));
    public static readonly Detector SocialSecurityNumber = Add("us-ssn", "美国社会安全号码", "US social security number", DirectIdentifier, 0.88, "SSA POMS RM 10201",
        "ssn|social security|social security number", (in Cell c) => IdentityNumbers.IsSocialSecurity(c.Ascii));

    // Organisations.
    public static readonly Detector CreditCode = Add("credit-code", "统一社会信用代码", "Unified social credit code", Other, 4e-4, "GB 32100-2015",
        "信用代码|社会信用|税号|纳税人识别号|tyshxydm|xydm|shxydm|nsrsbh|credit code|uscc|tax no|taxpayer", (in Cell c) => OrganisationCodes.IsCreditCode(c.Compact));
    public static readonly Detector OrganisationCode = Label("organisation-code", "组织机构代码", "Organisation code", Other, 0.09, "GB 11714-1997",
        "组织机构代码|机构代码|zzjgdm|jgdm|org code|organization code|organisation code", (in Cell c) => OrganisationCodes.IsOrganisationCode(c.Ascii));

    // Telephones, mail, accounts.
    public static readonly Detector Mobile = Add("mobile", "手机号码", "Mobile telephone number", DirectIdentifier, 0.07, "MIIT numbering plan",
        "手机|移动电话|电话|联系方式|sj|sjh|sjhm|lxdh|dh|yddh|mobile|phone|cell|cellphone|tel|telephone|contact number|msisdn", (in Cell c) => Telephones.IsMobile(c.Compact));
    public static readonly Detector MachineNumber = Add("machine-number", "物联网号码", "Number of a machine card", PersonalDataClass.QuasiIdentifier, 0.01, "MIIT numbering plan",
        "物联网卡|物联卡|卡号|iot|m2m|msisdn", (in Cell c) => Telephones.IsMachine(c.Compact));
    public static readonly Detector Landline = Add("landline", "固定电话", "Landline telephone number", DirectIdentifier, 0.3, "MIIT numbering plan",
        "固定电话|固话|座机|电话|传真|联系方式|gddh|lxdh|dh|cz|tel|telephone|landline|fax|phone|home phone", (in Cell c) => Telephones.IsLandline(c.Ascii));
    public static readonly Detector ServiceNumber = Add("service-number", "400/800电话", "Service number", Other, 2e-3, "MIIT numbering plan",
        "客服|热线|服务电话|hotline|service number", (in Cell c) => Telephones.IsService(c.Compact));
    public static readonly Detector Email = Add("email", "电子邮箱", "E-mail address", DirectIdentifier, 1e-3, "RFC 5322",
        "邮箱|电子邮件|电邮|邮件|email|e mail|mail|yx|dzyx", (in Cell c) => NetworkAddresses.IsEmail(c.Ascii));
    public static readonly Detector WeChat = Label("wechat", "微信号", "WeChat account", DirectIdentifier, 1, "WeChat: 6 to 20 letters, digits, _ and -",
        "微信|微信号|wx|wxh|wechat|weixin|openid|unionid|wxid", (in Cell c) => c.Ascii.Length is >= 6 and <= 32 && !c.Ascii.ContainsAnyExcept(AccountLetters));
    public static readonly Detector QQ = Label("qq", "QQ号", "QQ account", DirectIdentifier, 1, "5 to 11 digits, the first not 0",
        "qq|qq号|qqh|扣扣", (in Cell c) => c.Ascii.Length is >= 5 and <= 11 && c.Ascii[0] != '0' && CheckDigits.AllDigits(c.Ascii));
    public static readonly Detector AccountName = Label("account-name", "账号", "Account name", DirectIdentifier, 1, "by its name",
        "用户名|登录名|账号|帐号|昵称|网名|用户id|yhm|username|user name|login|login name|account|nickname|screen name|userid|user id|uid", (in Cell c) => c.Text.Length is >= 2 and <= 64);
    public static readonly Detector Password = Label("password", "口令", "Password or secret", Sensitive, 1, "by its name",
        "密码|口令|password|passwd|pwd|secret|token|mm", (in Cell c) => c.Text.Length >= 4);
    public static readonly Detector UrlWithUser = Add("url-user", "带账号的网址", "URL with user information", Sensitive, 1e-3, "RFC 3986, 3.2.1",
        "url|uri|link|网址|链接", (in Cell c) => NetworkAddresses.IsUrlWithUser(c.Ascii));

    // Money.
    public static readonly Detector BankCard = Add("bank-card", "银行卡号", "Bank card number", DirectIdentifier, 3e-3, "JR/T 0008, ISO/IEC 7812-1",
        "银行卡|卡号|银行账号|银行帐号|账户|账号|yhkh|yhzh|kh|bank card|card no|card number|bank account|account no|account number|pan", (in Cell c) => CardNumbers.IsBank(c.Compact));
    public static readonly Detector CreditCard = Add("credit-card", "国际信用卡号", "International card number", DirectIdentifier, 0.018, "ISO/IEC 7812-1",
        "信用卡|卡号|银行卡|credit card|card no|card number|pan|cc number", (in Cell c) => CardNumbers.IsInternational(c.Compact));
    public static readonly Detector IbanNumber = Add("iban", "国际银行账号", "IBAN", DirectIdentifier, 0.011, "ISO 13616",
        "iban|国际银行账号|bank account", (in Cell c) => NetworkAddresses.IsIban(c.Compact));
    public static readonly Detector Income = Label("income", "收入", "Income or assets", Sensitive, 1, "by its name",
        "收入|工资|薪资|薪酬|年薪|月薪|存款|余额|贷款|公积金|sr|gz|salary|income|wage|balance|loan|salary class|capital gain", (in Cell c) => IsMoney(c));

    // Vehicles and machines.
    public static readonly Detector Plate = Add("plate", "机动车号牌", "Vehicle plate", DirectIdentifier, 1e-3, "GA 36-2018",
        "车牌|号牌|车号|cph|cphm|hphm|plate|license plate|licence plate|plate no", (in Cell c) => Vehicles.IsPlate(c.Text));
    public static readonly Detector NewEnergyPlate = Add("plate-new-energy", "新能源号牌", "Plate of a new-energy vehicle", DirectIdentifier, 1e-4, "GA 36-2018",
        "车牌|号牌|车号|cph|cphm|hphm|plate|license plate|licence plate|plate no", (in Cell c) => Vehicles.IsNewEnergy(c.Text));
    public static readonly Detector SpecialPlate = Add("plate-special", "专用号牌", "Police, consular, armed police and other special plates", DirectIdentifier, 1e-4, "GA 36-2018",
        "车牌|号牌|车号|cph|cphm|hphm|plate|license plate|licence plate|plate no", (in Cell c) => Vehicles.IsSpecial(c.Text));
    public static readonly Detector Vin = Add("vin", "车辆识别代号", "Vehicle identification number", DirectIdentifier, 0.03, "GB 16735-2019, ISO 3779",
        "车架号|车辆识别|vin|cjh|clsbdh|chassis", (in Cell c) => Vehicles.IsVin(c.Compact));
    public static readonly Detector Imei = Add("imei", "移动设备识别码", "IMEI", DirectIdentifier, 0.017, "3GPP TS 23.003, 6.2",
        "imei|设备号|设备识别码|串号|device id|meid", (in Cell c) => CardNumbers.IsImei(c.Compact));
    public static readonly Detector Imsi = Add("imsi", "移动用户识别码", "IMSI", DirectIdentifier, 3e-4, "3GPP TS 23.003, 2.2",
        "imsi", (in Cell c) => CardNumbers.IsImsi(c.Compact));
    public static readonly Detector Iccid = Add("iccid", "SIM卡号", "ICCID of a SIM card", DirectIdentifier, 1e-3, "ITU-T E.118",
        "iccid|sim卡|sim|sim card", (in Cell c) => CardNumbers.IsIccid(c.Compact));
    public static readonly Detector Mac = Add("mac", "MAC地址", "MAC address", DirectIdentifier, 2e-4, "IEEE 802",
        "mac|mac地址|物理地址|mac address|bssid|wifi mac", (in Cell c) => NetworkAddresses.IsMac(c.Ascii));
    public static readonly Detector IPv4 = Add("ipv4", "IPv4地址", "IPv4 address", DirectIdentifier, 0.1, "RFC 791",
        "ip|ip地址|ip address|client ip|remote addr|host", (in Cell c) => NetworkAddresses.IsIPv4(c.Ascii));
    public static readonly Detector IPv6 = Add("ipv6", "IPv6地址", "IPv6 address", DirectIdentifier, 0.01, "RFC 4291",
        "ip|ip地址|ipv6|ip address|client ip|remote addr|host", (in Cell c) => NetworkAddresses.IsIPv6(c.Ascii));
    public static readonly Detector Uuid = Add("uuid", "通用唯一识别码", "UUID, as of a device or an advertisement", DirectIdentifier, 1e-5, "RFC 9562",
        "uuid|guid|idfa|oaid|gaid|android id|device id|设备号", (in Cell c) => NetworkAddresses.IsUuid(c.Ascii));

    // Who somebody is.
    public static readonly Detector PersonName = Label("person-name", "中文姓名", "Chinese name", DirectIdentifier, 0.15, "by surname and form",
        "姓名|名字|联系人|户主|法人|法定代表人|申请人|经办人|负责人|患者|病人|家长|监护人|收件人|收货人|持卡人|当事人|被告|原告|居民|业主|车主|学生|教师|xm|lxr|hz|frdb|name|real name|full name|contact|contact person|customer name|patient|owner|applicant", (in Cell c) => PersonNames.IsChinese(c.Text));
    public static readonly Detector LatinName = Label("latin-name", "外文姓名", "Latin name", DirectIdentifier, 1, "by form and name of the column",
        "姓名|英文名|外文名|拼音|name|real name|full name|first name|last name|given name|family name|surname|contact person|customer name|patient|owner", (in Cell c) => PersonNames.IsLatin(c.Text));
    public static readonly Detector Sex = Label("sex", "性别", "Sex", PersonalDataClass.QuasiIdentifier, 0.02, "GB/T 2261.1",
        "性别|xb|xbdm|sex|gender", (in Cell c) => Words.IsSex(c.Text));
    public static readonly Detector BirthDate = Label("birth-date", "出生日期", "Date of birth", PersonalDataClass.QuasiIdentifier, 1, "GB/T 7408",
        "出生|生日|csrq|csny|birth|birthday|birth date|date of birth|dob", (in Cell c) => Dates.IsDate(c.Text));
    public static readonly Detector Age = Label("age", "年龄", "Age", PersonalDataClass.QuasiIdentifier, 1, "0 to 120 years",
        "年龄|岁数|nl|age", (in Cell c) => Dates.IsAge(c.Text));
    public static readonly Detector Ethnicity = Label("ethnicity", "民族", "Ethnic group", Sensitive, 0.1, "GB/T 3304-1991",
        "民族|mz|mzdm|ethnic|ethnicity|ethnic group|race|nation", (in Cell c) => Words.IsEthnicity(c.Text));
    public static readonly Detector Religion = Label("religion", "宗教信仰", "Religion", Sensitive, 1e-3, "PIPL, art. 28",
        "宗教|信仰|zjxy|religion|faith", (in Cell c) => Words.IsReligion(c.Text));
    public static readonly Detector Disease = Label("disease", "疾病", "Disease", Sensitive, 0.02, "PIPL, art. 28",
        "疾病|诊断|病名|病史|既往史|病因|症状|jb|jbmc|zd|disease|diagnosis|condition|illness|medical history", (in Cell c) => Words.IsDisease(c.Text));
    public static readonly Detector DiseaseCode = Label("disease-code", "疾病编码", "Code of a disease", Sensitive, 0.3, "GB/T 14396 (ICD-10)",
        "疾病编码|诊断编码|icd|icd10|icd 10|icd code|diagnosis code", (in Cell c) => Words.IsDiseaseCode(c.Ascii));
    public static readonly Detector Occupation = Label("occupation", "职业", "Occupation", PersonalDataClass.QuasiIdentifier, 0.15, "GB/T 6565",
        "职业|工种|岗位|职务|职称|zy|zydm|occupation|profession|job|job title", (in Cell c) => Words.IsOccupation(c.Text));
    public static readonly Detector MaritalStatus = Label("marital-status", "婚姻状况", "Marital status", PersonalDataClass.QuasiIdentifier, 0.05, "GB/T 2261.2",
        "婚姻|婚否|hyzk|marital|marital status|marriage", (in Cell c) => Words.IsMaritalStatus(c.Text));
    public static readonly Detector Education = Label("education", "学历", "Education", PersonalDataClass.QuasiIdentifier, 0.1, "GB/T 4658",
        "学历|文化程度|教育程度|学位|whcd|xl|education|degree", (in Cell c) => Words.IsEducation(c.Text));
    public static readonly Detector Party = Label("political-status", "政治面貌", "Political status", Sensitive, 0.02, "GB/T 4762",
        "政治面貌|zzmm|political status|party", (in Cell c) => Words.IsParty(c.Text));
    public static readonly Detector Nationality = Label("nationality", "国籍", "Nationality", PersonalDataClass.QuasiIdentifier, 0.1, "GB/T 2659",
        "国籍|gj|nationality|citizenship|native country|country of birth", (in Cell c) => Words.IsNationality(c.Text));
    public static readonly Detector BloodGroup = Label("blood-group", "血型", "Blood group", Sensitive, 1, "WS 364",
        "血型|xx|blood|blood group|blood type", (in Cell c) => Words.IsBlood(c.Text));

    // Where somebody lives or is.
    public static readonly Detector Address = Add("address", "地址", "Address", DirectIdentifier, 1e-3, "GB/T 23705",
        "地址|住址|住所|家庭住址|户籍地|居住地|dz|zz|jtzz|hjdz|lxdz|address|addr|home address|residence|street", (in Cell c) => c.Ascii.IsEmpty && Places.IsAddress(c.Text));
    public static readonly Detector Postcode = Label("postcode", "邮政编码", "Postcode", PersonalDataClass.QuasiIdentifier, 1, "GB/T 2260, China Post",
        "邮编|邮政编码|yb|yzbm|postcode|postal code|zip|zipcode|zip code", (in Cell c) => Places.IsPostcode(c.Ascii));
    public static readonly Detector Region = Label("region-code", "行政区划代码", "Region code", PersonalDataClass.QuasiIdentifier, 0.4, "GB/T 2260",
        "区划|行政区划|区划代码|xzqh|xzqhdm|qhdm|region code|adcode|area code|division code", (in Cell c) => Places.IsRegionCode(c.Ascii));
    public static readonly Detector Coordinates = Add("coordinates", "坐标", "Pair of coordinates", PersonalDataClass.QuasiIdentifier, 0.05, "GB/T 16831 (ISO 6709)",
        "坐标|经纬度|位置|定位|zb|jwd|coordinates|location|lnglat|latlng|gps|geo|position", (in Cell c) => Places.IsPair(c.Ascii));
    public static readonly Detector Latitude = Label("latitude", "纬度", "Latitude", PersonalDataClass.QuasiIdentifier, 1, "GB/T 16831 (ISO 6709)",
        "纬度|wd|lat|latitude", (in Cell c) => Places.IsLatitude(c.Ascii));
    public static readonly Detector Longitude = Label("longitude", "经度", "Longitude", PersonalDataClass.QuasiIdentifier, 1, "GB/T 16831 (ISO 6709)",
        "经度|jd|lon|lng|long|longitude", (in Cell c) => Places.IsLongitude(c.Ascii));
    public static readonly Detector RealEstateUnit = Add("real-estate-unit", "不动产单元号", "Unit number of real estate", DirectIdentifier, 1e-4, "GB/T 37346-2019",
        "不动产单元|单元号|bdcdyh|real estate unit|property unit", (in Cell c) => Places.IsRealEstateUnit(c.Compact));

    // Numbers that an office has given.
    public static readonly Detector InsuranceNumber = Label("insurance-number", "社保医保号", "Number of social or health insurance", DirectIdentifier, 1, "by its name",
        "社保号|社保卡|医保号|医保卡|社会保障号|sbh|sbkh|ybkh|insurance number|social insurance|medical insurance", (in Cell c) => IsNumberLike(c));
    public static readonly Detector MedicalRecord = Label("medical-record", "病历号", "Number of a medical record", DirectIdentifier, 1, "by its name",
        "病历号|住院号|门诊号|就诊卡|病案号|blh|zyh|mzh|mrn|medical record|patient id|visit id", (in Cell c) => IsNumberLike(c));
    public static readonly Detector StaffNumber = Label("staff-number", "工号学号", "Number of an employee or a student", DirectIdentifier, 1, "by its name",
        "工号|学号|学籍号|职工号|准考证|gh|xh|xjh|employee id|employee no|staff no|staff id|student id|student no", (in Cell c) => IsNumberLike(c));
    public static readonly Detector LicenceNumber = Label("licence-number", "驾照与证书号", "Number of a licence or certificate", DirectIdentifier, 1, "by its name",
        "驾驶证|驾照|档案编号|证书编号|证书号|户口簿|户号|jszh|dabh|driver license|driving licence|licence no|license no|certificate no", (in Cell c) => IsNumberLike(c));

    /// <summary>Every detector, at the place of its <see cref="Detector.Index"/>.</summary>
    public static IReadOnlyList<Detector> All => all;

    /// <summary>The same, without an enumerator: a column asks all of them about each value.</summary>
    internal static ReadOnlySpan<Detector> Every => CollectionsMarshal.AsSpan(all);

    /// <summary>Those that running text shows only behind a label such as 姓名： or "name":.</summary>
    internal static IReadOnlyList<Detector> Labelled => labelled;

    /// <summary>The detector of an id, or null.</summary>
    public static Detector? Find(string id) => all.Find(one => string.Equals(one.Id, id, StringComparison.Ordinal));

    /// <summary>
    /// All personal data in a running text, from its beginning to its end and without overlaps. Numbers are found where no digit is before or behind them; what has no form of its own
    /// (names, words, postcodes) behind a label. Time and memory grow linearly with the text, whatever it is.
    /// </summary>
    public static IReadOnlyList<TextFinding> FindIn(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var found = new List<TextFinding>();
        int at = 0, chars = 0;
        foreach (var one in PiiScanner.Find(bytes))
        {
            var start = chars + CharsIn(bytes.AsSpan(at, one.Start - at));
            var length = CharsIn(bytes.AsSpan(one.Start, one.Length));
            found.Add(new TextFinding(one.Detector, start, length));
            (at, chars) = (one.Start + one.Length, start + length);
        }

        return found;
    }

    /// <summary>UTF-16 units of valid UTF-8: one for each first byte, two where it begins four.</summary>
    private static int CharsIn(ReadOnlySpan<byte> utf8)
    {
        var chars = 0;
        foreach (var b in utf8)
            chars += b >= 0xF0 ? 2 : (b & 0xC0) == 0x80 ? 0 : 1;
        return chars;
    }

    private static bool IsNumberLike(in Cell c) => c.Ascii.Length is >= 4 and <= 30 && c.Ascii.ContainsAnyInRange((byte)'0', (byte)'9');

    private static bool IsMoney(in Cell c) => Dates.IsAmount(c.Ascii) || c.Ascii is [(byte)'<' or (byte)'>', ..];

    private static Detector Add(string id, string chinese, string english, PersonalDataClass kind, double chance, string source, string headers, CellTest test)
    {
        var one = new Detector(all.Count, id, chinese, english, kind, chance, source, headers, test);
        all.Add(one);
        return one;
    }

    private static Detector Label(string id, string chinese, string english, PersonalDataClass kind, double chance, string source, string headers, CellTest test)
    {
        var one = Add(id, chinese, english, kind, chance, source, headers, test);
        labelled.Add(one);
        return one;
    }
}
