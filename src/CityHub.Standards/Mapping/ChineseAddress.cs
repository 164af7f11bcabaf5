using System.Text;

namespace CityHub.Standards.Mapping;

/// <summary>A Chinese address, written one way and cut into its parts; a part that is not there is empty. The parts one behind the other are the whole.</summary>
internal sealed record ChineseAddress(string Province, string City, string District, string Street, string Road, string Number, string Rest)
{
    public static readonly string[] Parts = ["province", "city", "district", "street", "road", "number", "rest", "whole"];

    private static readonly string[] Municipalities = ["北京", "天津", "上海", "重庆"];
    private static readonly string[] Provinces = ["特别行政区", "自治区", "省"];
    private static readonly string[] Cities = ["自治州", "地区", "市", "盟"];
    private static readonly string[] Districts = ["新区", "自治县", "区", "县", "旗", "市"];
    private static readonly string[] Streets = ["街道", "苏木", "镇", "乡"];
    private static readonly string[] Roads = ["胡同", "大道", "大街", "路", "街", "巷", "道", "弄"];
    private static readonly string Counted = "号弄栋幢座楼层室组单";

    public string Whole => Province + City + District + Street + Road + Number + Rest;

    public string Part(string name) => name switch
    {
        "province" => Province,
        "city" => City,
        "district" => District,
        "street" => Street,
        "road" => Road,
        "number" => Number,
        "rest" => Rest,
        _ => Whole,
    };

    /// <summary>Half-width, without blanks, hyphens as one character, numbers of doors and floors in digits: 三号 → 3号.</summary>
    public static string Normalise(string text)
    {
        var half = ChineseNumbers.HalfWidth(text);
        var plain = new StringBuilder(half.Length);
        foreach (var c in half)
            if (!char.IsWhiteSpace(c) && c is not (',' or '，'))
                plain.Append(c is '－' or '—' or '–' or '‐' or '―' or '~' ? '-' : c);
        var result = new StringBuilder(plain.Length);
        for (var at = 0; at < plain.Length;)
        {
            var end = at;
            while (end < plain.Length && ChineseNumbers.IsNumeral(plain[end]))
                end++;
            if (end == at)
            {
                result.Append(plain[at++]);
                continue;
            }

            var numeral = plain.ToString(at, end - at);
            // 八号桥, 三号线 are names; 五四路 has no counted word behind it.
            var counts = end < plain.Length && Counted.Contains(plain[end], StringComparison.Ordinal)
                && (plain[end] != '单' || (end + 1 < plain.Length && plain[end + 1] == '元'))
                && (plain[end] != '号' || end + 1 == plain.Length || plain[end + 1] is not ('桥' or '线' or '路' or '街'));
            if (counts && ChineseNumbers.TryRead(numeral, out var number))
                result.Append(System.Globalization.CultureInfo.InvariantCulture, $"{number}");
            else
                result.Append(numeral);
            at = end;
        }

        return result.ToString();
    }

    public static ChineseAddress Read(string text)
    {
        var rest = Normalise(text).AsSpan();
        var municipal = "";
        var province = "";
        foreach (var name in Municipalities)
            if (rest.StartsWith(name, StringComparison.Ordinal))
            {
                var length = rest.Length > name.Length && rest[name.Length] == '市' ? name.Length + 1 : name.Length;
                municipal = rest[..length].ToString();
                rest = rest[length..];
                // 上海市上海市…: province and city have one name, and some write both.
                if (rest.StartsWith(name + "市", StringComparison.Ordinal))
                {
                    (province, municipal) = (municipal, name + "市");
                    rest = rest[(name.Length + 1)..];
                }

                break;
            }

        if (municipal.Length == 0)
            province = Take(ref rest, Provinces, 2, 10);
        var city = municipal.Length > 0 ? municipal : Take(ref rest, Cities, 2, 12);
        var district = Take(ref rest, Districts, 2, 12);
        var street = Take(ref rest, Streets, 2, 10);
        var road = Take(ref rest, Roads, 2, 12);
        var number = "";
        var digits = 0;
        while (digits < rest.Length && (char.IsAsciiLetterOrDigit(rest[digits]) || rest[digits] is '-' or '附'))
            digits++;
        if (digits > 0 && digits < rest.Length && rest[digits] == '号')
        {
            number = rest[..(digits + 1)].ToString();
            rest = rest[(digits + 1)..];
        }

        return new ChineseAddress(province, city, district, street, road, number, rest.ToString());
    }

    // The nearest suffix ends the part; a part never holds a digit, and is not its suffix alone.
    private static string Take(ref ReadOnlySpan<char> rest, string[] suffixes, int least, int most)
    {
        var best = -1;
        foreach (var suffix in suffixes)
        {
            var window = rest[..Math.Min(rest.Length, most)];
            var from = 0;
            while (from < window.Length && window[from..].IndexOf(suffix, StringComparison.Ordinal) is >= 0 and var at)
            {
                var end = from + at + suffix.Length;
                if (end >= least && end > suffix.Length && (best < 0 || end < best) && window[..end].IndexOfAnyInRange('0', '9') < 0)
                    best = end;
                from += at + suffix.Length;
            }
        }

        if (best < 0)
            return "";
        // 街 of 街道 belongs to the street, 市 of 市区 to nothing: take the longest suffix that begins where the nearest one does.
        foreach (var suffix in suffixes)
            for (var back = 1; back <= 2 && back < best; back++)
                if (rest[(best - back)..].StartsWith(suffix, StringComparison.Ordinal) && best - back + suffix.Length > best)
                    best = best - back + suffix.Length;
        var part = rest[..best].ToString();
        rest = rest[best..];
        return part;
    }
}
