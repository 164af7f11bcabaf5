using CityHub.Privacy;
using CsCheck;

namespace CityHub.Tests.Privacy.Detection;

/// <summary>Each rule against published specimens and against numbers made after the standards.</summary>
public sealed class DetectorsTests
{
    public static TheoryData<string, string> Valid => new()
    {
        // GB 11643-1999, 3.3.4 and 3.4
        { "resident-id", "11010519491231002X" },
        { "resident-id", "440524188001010014" },
        { "resident-id", "11010519491231002x" },
        { "resident-id", "１１０１０５１９４９１２３１００２Ｘ" },
        { "resident-id", "110105 19491231 002X" },
        { "resident-id", "'440524188001010014\t" },
        { "resident-id-15", "440524800101001" },
        // The specimen on the card of 2023
        { "foreign-permanent-id", "911124198108030024" },
        { "foreign-permanent-id", "USA110085010112" },
        // GB 32100-2015 and companies on public registers
        { "credit-code", "91350100M000100Y43" },
        { "credit-code", "914403001922038216" },
        { "credit-code", "9144030071526726XG" },
        { "credit-code", "91110000802100433b" },
        { "organisation-code", "D2143569-X" },
        { "organisation-code", "D2143569X" },
        { "mobile", "13800138000" },
        { "mobile", "+86 138-0013-8000" },
        { "mobile", "008613800138000" },
        { "machine-number", "1064812345678" },
        { "landline", "010-88888888" },
        { "landline", "(0755) 2345678" },
        { "landline", "0571-87654321-802" },
        { "landline", "+86-10-66666666" },
        { "landline", "０２１－５５５５６６６６" },
        { "service-number", "400-810-8888" },
        { "bank-card", "6250 9460 0000 0016" },
        { "bank-card", "6200000000000005" },
        { "credit-card", "4111 1111 1111 1111" },
        { "credit-card", "378282246310005" },
        { "credit-card", "5555555555554444" },
        { "iban", "GB82 WEST 1234 5698 7654 32" },
        { "iban", "DE89370400440532013000" },
        { "us-ssn", "219-09-9999" },
        { "plate", "京A12345" },
        { "plate", "粤B·5F6K8" },
        { "plate", "沪a 1234b" },
        { "plate-new-energy", "京AD12345" },
        { "plate-new-energy", "粤BF12345" },
        { "plate-new-energy", "粤B12345D" },
        { "plate-special", "京A1234警" },
        { "plate-special", "粤Z1234港" },
        { "plate-special", "使123456" },
        { "plate-special", "WJ京12345" },
        { "plate-special", "京A1234应急" },
        { "passport", "E12345678" },
        { "passport", "EA1234567" },
        { "passport", "G12345678" },
        { "passport", "PE1234567" },
        { "hk-macao-permit", "C12345678" },
        { "hk-macao-permit", "CA1234567" },
        { "hk-macao-permit", "H1234567800" },
        { "taiwan-permit", "L12345678" },
        { "officer-card", "军字第1234567号" },
        // Wikipedia's specimens of ISO 3779 and TS 23.003
        { "vin", "1M8GDM9AXKP042788" },
        { "vin", "11111111111111111" },
        { "imei", "490154203237518" },
        { "imsi", "460001234567890" },
        { "iccid", "89860012345678901234" },
        { "mac", "00:1A:2b:3C:4d:5E" },
        { "mac", "00-1A-2B-3C-4D-5E" },
        { "mac", "001a.2b3c.4d5e" },
        { "ipv4", "192.168.1.254" },
        { "ipv6", "2001:db8::ff00:42:8329" },
        { "ipv6", "::ffff:192.0.2.128" },
        { "ipv6", "2001:0db8:0000:0000:0000:ff00:0042:8329" },
        { "email", "zhang.san+x@mail.example.cn" },
        { "url-user", "ftp://admin:geheim@10.0.0.1/data" },
        { "uuid", "123e4567-e89b-12d3-a456-426614174000" },
        { "wechat", "wxid_abc123" },
        { "qq", "10001" },
        { "postcode", "100084" },
        { "region-code", "440305" },
        { "coordinates", "116.397428,39.90923" },
        { "latitude", "39.90923" },
        { "longitude", "-122.4194155" },
        { "real-estate-unit", "110101001001GB00001F00010001" },
        { "real-estate-unit", "110101 001001 GB00001 F00010001" },
        { "person-name", "王伟" },
        { "person-name", "欧阳娜娜" },
        { "person-name", "买买提·阿卜杜拉" },
        { "person-name", "张王丽华" },
        { "latin-name", "John F. Kennedy" },
        { "address", "北京市海淀区中关村大街27号" },
        { "address", "广东省深圳市南山区科技园南路8号3栋2单元501室" },
        { "address", "上海市浦东新区世纪大道100号" },
        { "address", "李家村3组12号" },
        { "sex", "女" },
        { "birth-date", "1990年3月7日" },
        { "birth-date", "19900307" },
        { "age", "35岁" },
        { "ethnicity", "维吾尔族" },
        { "ethnicity", "汉" },
        { "religion", "伊斯兰教" },
        { "disease", "2型糖尿病" },
        { "disease", "慢性胃炎" },
        { "disease", "支气管哮喘" },
        { "disease-code", "E11.900" },
        { "occupation", "软件工程师" },
        { "marital-status", "离异" },
        { "education", "大学本科" },
        { "political-status", "中共党员" },
        { "nationality", "中国" },
        { "blood-group", "AB型" },
    };

    public static TheoryData<string, string> Invalid => new()
    {
        { "resident-id", "110105194912310021" },  // check character
        { "resident-id", "110105194902300028" },  // 30 February
        { "resident-id", "990105194912310027" },  // no province
        { "resident-id", "11010519491231002" },
        { "resident-id", "1101051949123100２X1" },
        { "resident-id-15", "440524801301001" },
        { "credit-code", "91350100M000100Y44" },
        { "credit-code", "91350100I000100Y43" },
        { "organisation-code", "D2143569-1" },
        { "mobile", "12800138000" },
        { "mobile", "138001380001" },
        { "landline", "010-18888888" },
        { "bank-card", "6222021111222333334" },
        { "credit-card", "4111111111111112" },
        { "iban", "GB82WEST12345698765431" },
        { "us-ssn", "666-09-9999" },
        { "plate", "京I12345" },
        { "plate", "京AABC12" },
        { "vin", "1M8GDM9A1KP042788" },
        { "imei", "490154203237519" },
        { "mac", "00:1A:2b-3C:4d:5E" },
        { "ipv4", "256.1.1.1" },
        { "ipv4", "01.2.3.4" },
        { "ipv6", "2001:db8::ff00::8329" },
        { "ipv6", "12:34:56" },
        { "email", "a@b" },
        { "email", "@example.cn" },
        { "url-user", "https://example.cn/a@b" },
        { "uuid", "123e4567-e89b-92d3-0456-426614174000" },
        { "coordinates", "1234.56,78.90" },
        { "real-estate-unit", "110101001001XB00001F00010001" },
        { "person-name", "高中" },
        { "person-name", "安全" },
        { "person-name", "石油公司" },
        { "person-name", "海淀区" },
        { "address", "今天天气很好，我们去公园。" },
        { "address", "数据共享平台" },
        { "birth-date", "1990-13-41" },
        { "religion", "宗教局" },
        { "resident-id", "" },
        { "resident-id", "   " },
    };

    [Theory]
    [MemberData(nameof(Valid))]
    public void A_specimen_is_found(string id, string value) => Assert.True(Detector(id).Matches(value), value);

    [Theory]
    [MemberData(nameof(Invalid))]
    public void What_only_looks_like_one_is_not(string id, string value) => Assert.False(Detector(id).Matches(value), value);

    [Fact]
    public void There_are_more_than_thirty_each_with_its_names_its_class_and_its_source()
    {
        Assert.True(Detectors.All.Count >= 50);
        Assert.Equal(Detectors.All.Count, Detectors.All.Select(one => one.Id).Distinct().Count());
        Assert.All(Detectors.All, one =>
        {
            Assert.Equal(one, Detectors.All[one.Index]);
            Assert.InRange(one.Chance, 1e-9, 1);
            Assert.NotEmpty(one.Chinese);
            Assert.NotEmpty(one.English);
            Assert.NotEmpty(one.Source);
            Assert.False(one.Matches(""));
            Assert.False(one.Matches(new string('1', 100_000)));
        });
        Assert.True(Detectors.All.All(one => Valid.Select(row => row.Data.Item1).Append("x").Contains(one.Id)
            || one.NeedsName || one.Id is "residence-permit"), "Each rule that looks at more than the form has a specimen.");
    }

    [Fact]
    public void No_valid_number_is_missed_whether_in_a_cell_or_in_a_text()
    {
        NoneIsMissed("resident-id", Specimens.ResidentId);
        NoneIsMissed("residence-permit", Specimens.ResidencePermit);
        NoneIsMissed("foreign-permanent-id", Specimens.ForeignPermanentId);
        NoneIsMissed("credit-code", Specimens.CreditCode);
        NoneIsMissed("organisation-code", Specimens.OrganisationCode, inText: false);
        NoneIsMissed("bank-card", Specimens.BankCard);
        NoneIsMissed("imei", Specimens.Imei);
        NoneIsMissed("iccid", Specimens.Iccid);
        NoneIsMissed("vin", Specimens.Vin);
        NoneIsMissed("iban", Specimens.Iban);
    }

    /// <summary>The bar: at most one in a thousand. Seeded, so that it does not depend on the day.</summary>
    [Theory]
    [InlineData("resident-id", 1e-3)]
    [InlineData("residence-permit", 1e-3)]
    [InlineData("foreign-permanent-id", 1e-3)]
    [InlineData("credit-code", 1e-3)]
    public void Random_runs_of_eighteen_digits_pass_less_than_once_in_a_thousand(string id, double most)
    {
        var random = new Random(37964);
        var detector = Detector(id);
        Span<char> digits = stackalloc char[18];
        const int Tries = 200_000;
        var passed = 0;
        for (var i = 0; i < Tries; i++)
        {
            foreach (ref var c in digits)
                c = (char)('0' + random.Next(10));
            passed += detector.Matches(digits) ? 1 : 0;
        }

        Assert.True(passed <= most * Tries, $"{passed} of {Tries}");
        // The stated chance is within a factor of three, where so many tries can tell.
        Assert.InRange(passed, (detector.Chance * Tries / 3) - 10, (detector.Chance * Tries * 3) + 10);
    }

    private static void NoneIsMissed(string id, Gen<string> valid, bool inText = true)
    {
        // One in some ten thousand is valid as two kinds; a text then shows it as one of them.
        var detector = Detector(id);
        valid.Sample(
            value => detector.Matches(value)
                && (!inText || Detectors.FindIn($"编号{value}，见附件") is [{ Start: 2 } one] && one.Length == value.Length && one.Detector.Matches(value)),
            iter: 10_000, threads: 1);
    }

    private static Detector Detector(string id) => Detectors.Find(id) ?? throw new ArgumentException(id);
}
