using System.Text;
using CityHub.Privacy;
using CsCheck;

namespace CityHub.Tests.Privacy.Detection;

/// <summary>Running text: what is found, what is left alone, and that the work stays linear.</summary>
public sealed class PiiScannerTests
{
    [Theory]
    [InlineData("张先生电话13800138000，邮箱 zhang@example.cn。", "mobile:13800138000 email:zhang@example.cn")]
    [InlineData("身份证号：11010519491231002X", "resident-id:11010519491231002X")]
    [InlineData("身份证１１０１０５１９４９１２３１００２Ｘ，手机１３８００１３８０００", "resident-id:１１０１０５１９４９１２３１００２Ｘ mobile:１３８００１３８０００")]
    [InlineData("住址登记110105 19491231 002X及138 0013 8000", "resident-id:110105 19491231 002X mobile:138 0013 8000")]
    [InlineData("姓名：张三，性别：男，民族: 汉族，职业：软件工程师", "person-name:张三 sex:男 ethnicity:汉族 occupation:软件工程师")]
    [InlineData("{\"name\":\"王小明\",\"gender\":\"M\",\"user_phone\":\"13912345678\"}", "person-name:王小明 sex:M mobile:13912345678")]
    [InlineData("患者姓名：欧阳娜娜 诊断：2型糖尿病。", "person-name:欧阳娜娜 disease:2型糖尿病")]
    [InlineData("他家住北京市海淀区中关村大街27号院3号楼401，欢迎", "address:北京市海淀区中关村大街27号院3号楼401")]
    [InlineData("车牌京A12345和粤BD12345，还有沪A1234学、京A·66666", "plate:京A12345 plate-new-energy:粤BD12345 plate-special:沪A1234学 plate:京A·66666")]
    [InlineData("座机010-88888888或(0755)2345678，客服400-810-8888", "landline:010-88888888 landline:(0755)2345678 service-number:400-810-8888")]
    [InlineData("card 4111 1111 1111 1111, iban DE89370400440532013000 ssn 219-09-9999", "credit-card:4111 1111 1111 1111 iban:DE89370400440532013000 us-ssn:219-09-9999")]
    [InlineData("from 10.1.2.3 and fe80::1 mac 00:1a:2b:3c:4d:5e or aa-bb-cc-dd-ee-f0.", "ipv4:10.1.2.3 ipv6:fe80::1 mac:00:1a:2b:3c:4d:5e mac:aa-bb-cc-dd-ee-f0")]
    [InlineData("id 123e4567-e89b-12d3-a456-426614174000 and abcdefab-cdef-4bcd-abcd-abcdefabcdef", "uuid:123e4567-e89b-12d3-a456-426614174000 uuid:abcdefab-cdef-4bcd-abcd-abcdefabcdef")]
    [InlineData("see https://root:geheim@db.example.cn:5432/x now", "url-user:https://root:geheim@db.example.cn")]
    [InlineData("VIN 1M8GDM9AXKP042788 护照E12345678 通行证C12345678", "vin:1M8GDM9AXKP042788 passport:E12345678 hk-macao-permit:C12345678")]
    [InlineData("军官证为军字第1234567号", "officer-card:军字第1234567号")]
    [InlineData("位置116.397428,39.90923附近", "coordinates:116.397428,39.90923")]
    [InlineData("tel13800138000 13800138000@139.com", "mobile:13800138000 email:13800138000@139.com")]
    [InlineData("+86 13800138000; 8613800138000", "mobile:13800138000 mobile:13800138000")]
    [InlineData("代码91350100M000100Y43和914403001922038216", "credit-code:91350100M000100Y43 credit-code:914403001922038216")]
    [InlineData("不动产110101001001GB00001F00010001", "real-estate-unit:110101001001GB00001F00010001")]
    [InlineData("😀 mail：a.b@c.cn 😀 13800138000", "email:a.b@c.cn mobile:13800138000")]
    [InlineData("call +86-10-66666666 or 008613800138000", "landline:+86-10-66666666 mobile:13800138000")]
    [InlineData("pay to GB82 WEST 1234 5698 7654 32 and mac abcd.ef01.2345.", "iban:GB82 WEST 1234 5698 7654 32 mac:abcd.ef01.2345")]
    [InlineData("地点为李家村3组12号", "address:李家村3组12号")]
    [InlineData("密码：hunter22！", "password:hunter22")]
    public void Found_where_they_stand(string text, string expected) => Assert.Equal(expected, Show(text));

    [Theory]
    [InlineData("订单号2138001380001，金额13800138000.50元")]
    [InlineData("0.13800138000 与 1380013800")]
    [InlineData("123413800138000123")]
    [InlineData("2024-01-05 12:34:56.789 版本1.2.3")]
    [InlineData("sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709")]
    [InlineData("单号 1234-5678-9012-3456-7890-1234")]
    [InlineData("1111 4111 1111 1111 1111 1111")]
    [InlineData("9.161/2.777, 0.1234,0.5678,15.9936,123.7959")]
    [InlineData("温度：25，状态：正常，名称：水泵")]
    [InlineData("共有3号、5号两栋")]
    [InlineData("1700000000000 1420070400000")]
    [InlineData("a@b @ c@ @d 12:34 ::::")]
    public void Left_alone(string text) => Assert.Equal("", Show(text));

    [Fact]
    public void A_number_on_the_edge_of_a_chunk_is_found_once_wherever_it_lies_and_however_wide_it_is()
    {
        foreach (var number in new[] { "11010519491231002X", "１１０１０５１９４９１２３１００２Ｘ", "138-0013-8000", "zhang.san@example.cn", "北京市海淀区中关村大街27号" })
        {
            var bytes = Encoding.UTF8.GetBytes(number);
            for (var before = PiiScanner.Chunk - bytes.Length - 70; before < PiiScanner.Chunk + 5; before++)
            {
                var text = new byte[before + bytes.Length + 100];
                text.AsSpan().Fill((byte)'.');
                text[before - 1] = text[before + bytes.Length] = (byte)' ';
                bytes.CopyTo(text, before);

                var found = Assert.Single(PiiScanner.Find(text));

                Assert.Equal((before, bytes.Length), (found.Start, found.Length));
            }
        }
    }

    [Theory]
    [InlineData('1')]
    [InlineData('１')]
    public void A_run_that_is_longer_than_any_number_holds_none_wherever_it_is_cut(char digit)
    {
        foreach (var length in new[] { 1_037, 1_042, 2_000, PiiScanner.Chunk, PiiScanner.Chunk + 15, PiiScanner.Chunk + 1_040 })
            Assert.Empty(PiiScanner.Find(Encoding.UTF8.GetBytes(new string('.', PiiScanner.Chunk - 20) + new string(digit, length) + "。")));
    }

    [Fact]
    public void A_stream_counts_what_its_bytes_in_one_piece_count()
    {
        var random = new Random(4);
        var text = new StringBuilder();
        string[] pieces = ["电话13800138000，", "身份证11010519491231002X；", "姓名：张三\n", "邮箱zhang.san@example.cn ", "北京市海淀区中关村大街27号，", "１３８００１３８０００ ", "平台共享的数据，", "2024-01-05,12.5,"];
        while (text.Length < 700_000)
            text.Append(pieces[random.Next(pieces.Length)]);
        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        var whole = new long[Detectors.All.Count];
        var streamed = new long[Detectors.All.Count];

        var found = PiiScanner.Scan(bytes, whole);

        Assert.Equal(found, PiiScanner.Scan(new MemoryStream(bytes), streamed));
        Assert.Equal(whole, streamed);
        Assert.Equal(PiiScanner.Find(bytes).Count, found);
        Assert.Equal(found, whole.Sum());
        Assert.True(found > 30_000);
    }

    [Fact]
    public void Any_bytes_are_read_to_the_end_and_findings_do_not_overlap() =>
        Gen.OneOf(
                Gen.Byte.Array[0, 400],
                Gen.Int[0, Shards.Length - 1].Array[0, 60].Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts.Select(i => Shards[i])))))
            .Sample(
                bytes =>
                {
                    var end = 0;
                    foreach (var one in PiiScanner.Find(bytes))
                    {
                        Assert.True(one.Start >= end && one.Length > 0);
                        end = one.Start + one.Length;
                    }

                    Assert.True(end <= bytes.Length);
                    Assert.Equal(PiiScanner.Find(bytes).Count, PiiScanner.Scan(bytes, new long[Detectors.All.Count]));
                },
                iter: 10_000, threads: 1);

    /// <summary>No timing: the bytes that the rules read are counted. The worst of these texts stays below the constant, however long it is.</summary>
    [Fact]
    public void The_work_grows_with_the_length_of_the_text_and_not_faster()
    {
        foreach (var shard in Shards.Append("1:").Append("1-").Append("1 ").Append("a1-").Append("1号").Append("市1号").Append("@").Append("a@").Append("://a:b@").Append("1.").Append("1.1234,")
            .Append("name:").Append("姓名：").Append("名").Append("1234 ").Append("138 0013 ").Append("aaaa-").Append("１").Append("a1b2").Append("f:").Append("::1").Append("第1").Append("京A·").Append("DE12 ").Append("a1b2.").Append("+86-10-"))
        {
            var small = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(shard, 10_000 / shard.Length)));
            var large = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(shard, 40_000 / shard.Length)));

            var work = PiiScanner.Work(large);

            Assert.True(work <= 40L * large.Length, $"{shard}: {work} for {large.Length} bytes");
            Assert.True(work <= (4.2 * PiiScanner.Work(small)) + 10_000, $"{shard}: {PiiScanner.Work(small)}, then {work}");
        }
    }

    private static readonly string[] Shards =
    [
        "1", "12", "138", "1380013", "8000", "-", " ", ":", "：", ".", ",", "@", "a", "F", "x", "X", "://", "\"", "号", "省", "市", "路", "京", "A", "WJ", "姓名", "name", "张三", "１", "Ａ", "＠", "，", "第", "字", "·",
        "11010519491231002X", "4111 1111 1111 1111", "aa-bb-cc-dd-ee-f0", "fe80::1", "(010)", "\n", "é", "😀", "\u0000", "123e4567-e89b-12d3-a456-426614174000",
    ];

    private static string Show(string text) => string.Join(' ', Detectors.FindIn(text).Select(one => $"{one.Detector.Id}:{text.Substring(one.Start, one.Length)}"));
}
