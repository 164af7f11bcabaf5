using System.Buffers;
using System.Text;

namespace CityHub.Standards.Mapping;

/// <summary>Numbers as Chinese writes them: 三百二十, 二〇二四, 廿一; and the wide forms of Latin letters and digits.</summary>
internal static class ChineseNumbers
{
    private static readonly SearchValues<char> Numerals = SearchValues.Create("〇零一二两三四五六七八九十百千万廿卅");
    private static readonly SearchValues<char> Places = SearchValues.Create("十百千万廿卅");

    public static bool IsNumeral(char c) => Numerals.Contains(c);

    public static bool HasNumeral(ReadOnlySpan<char> text) => text.ContainsAny(Numerals);

    /// <summary>Arabic or Chinese, by digits (二〇二四) or by places (二千零二十四); false when it is no number.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, out long number)
    {
        number = 0;
        if (text.IsEmpty || text.Length > 15)
            return false;
        if (text.IndexOfAnyExceptInRange('0', '9') < 0)
            return long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out number);
        return !text.ContainsAny(Places) ? ByDigits(text, out number) : ByPlaces(text, out number);
    }

    /// <summary>Full-width forms (U+FF01 to U+FF5E, U+3000) as the half-width ones.</summary>
    public static string HalfWidth(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('！', '～') < 0 && !text.Contains('　', StringComparison.Ordinal))
            return text;
        return string.Create(text.Length, text, static (to, from) =>
        {
            for (var i = 0; i < from.Length; i++)
                to[i] = from[i] switch
                {
                    '　' => ' ',
                    >= '！' and <= '～' => (char)(from[i] - 0xFEE0),
                    _ => from[i],
                };
        });
    }

    /// <summary>1 to 99,999 as 十七, 三百二十, 一千零五.</summary>
    public static string Write(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, 99_999);
        var text = new StringBuilder();
        var (zero, begun) = (false, false);
        for (var (place, name) = (10_000, 0); place > 0; place /= 10, name++)
        {
            var digit = number / place % 10;
            if (digit == 0)
            {
                zero = begun;
                continue;
            }

            if (zero)
                text.Append('零');
            // 十七, not 一十七, where nothing stands before it.
            if (!(place == 10 && digit == 1 && !begun))
                text.Append("零一二三四五六七八九"[digit]);
            if (place > 1)
                text.Append("万千百十"[name]);
            (zero, begun) = (false, true);
        }

        return text.ToString();
    }

    private static int Digit(char c) => c switch
    {
        '〇' or '零' => 0,
        '两' => 2,
        >= '0' and <= '9' => c - '0',
        _ => "一二三四五六七八九".IndexOf(c, StringComparison.Ordinal) is var i and >= 0 ? i + 1 : -1,
    };

    private static bool ByDigits(ReadOnlySpan<char> text, out long number)
    {
        number = 0;
        foreach (var c in text)
        {
            if (Digit(c) is not (>= 0 and var digit))
                return false;
            number = (number * 10) + digit;
        }

        return true;
    }

    private static bool ByPlaces(ReadOnlySpan<char> text, out long number)
    {
        var (total, section, digit, last) = (0L, 0L, -1, long.MaxValue);
        number = 0;
        foreach (var c in text)
        {
            var place = c switch { '十' => 10L, '百' => 100, '千' => 1000, '万' => 10_000, '廿' or '卅' => 1, _ => 0 };
            if (place == 0)
            {
                var next = Digit(c);
                // Two digits side by side make no number by places, except after a zero.
                if (next < 0 || digit > 0)
                    return false;
                digit = next;
            }
            else if (c is '廿' or '卅')
            {
                if (digit >= 0 || section > 0)
                    return false;
                (section, last) = (c == '廿' ? 20 : 30, 10);
            }
            else if (c == '万')
            {
                if (total > 0 || (section == 0 && digit <= 0))
                    return false;
                (total, section, digit, last) = ((section + Math.Max(digit, 0)) * 10_000, 0, -1, 10_000);
            }
            else
            {
                if (place >= last || (digit < 0 && (place != 10 || section > 0)))
                    return false;
                (section, digit, last) = (section + (Math.Max(digit < 0 ? 1 : digit, place == 10 ? 1 : 0) * place), -1, place);
            }
        }

        number = total + section + Math.Max(digit, 0);
        return true;
    }
}
