using System.Globalization;
using CsCheck;

namespace CityHub.Tests.Privacy.Detection;

/// <summary>Valid numbers of the checksum types, made here by the text of the standards and not by the code under test.</summary>
internal static class Specimens
{
    private static readonly string[] RegionPrefixes = ["1101", "1201", "1311", "1525", "2102", "2224", "2327", "3101", "3205", "3301", "3415", "3502", "3607", "3713", "4190", "4201", "4331", "4403", "4512", "4690", "5002", "5134", "5203", "5329", "5425", "6110", "6229", "6328", "6405", "6540", "3321", "4127", "5102", "1102", "2321"];

    private static readonly Gen<string> Date = Gen.Int[0, 80_000].Select(days => new DateOnly(1880, 1, 1).AddDays(days).ToString("yyyyMMdd", CultureInfo.InvariantCulture));

    private static readonly Gen<string> Digits3 = Digits(3);

    public static Gen<string> ResidentId { get; } = Gen.Select(Of(RegionPrefixes), Digits(2), Date, Digits3, (region, county, date, number) => WithIdCheck(region + county + date + number));

    public static Gen<string> ResidencePermit { get; } = Gen.Select(Of("810000", "820000", "830000"), Date, Digits3, (region, date, number) => WithIdCheck(region + date + number));

    public static Gen<string> ForeignPermanentId { get; } = Gen.Select(Of("11", "31", "44", "65"), Digits3, Date, Digits3, (province, country, date, number) => WithIdCheck("9" + province + country + date + number));

    public static Gen<string> CreditCode { get; } = Gen.Select(
        Of("11", "12", "31", "51", "52", "91", "92", "93", "A1", "N2", "Y1"), Of("110000", "110108", "310115", "440300", "440305", "100000", "350100", "659001"),
        Of("0123456789ABCDEFGHJKLMNPQRTUWXY".ToCharArray()).Array[9], (office, region, body) => WithCreditCheck(office + region + new string(body)));

    public static Gen<string> OrganisationCode { get; } = Of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".ToCharArray()).Array[8].Select(body =>
    {
        int[] weights = [3, 7, 9, 10, 5, 8, 4, 2];
        var sum = body.Zip(weights, (c, w) => (char.IsDigit(c) ? c - '0' : c - 'A' + 10) * w).Sum();
        var check = 11 - (sum % 11);
        return new string(body) + "-" + (check == 10 ? "X" : check == 11 ? "0" : check.ToString(CultureInfo.InvariantCulture));
    });

    public static Gen<string> BankCard { get; } = Gen.Select(Of("622202", "621700", "62", "623668", "81", "9558"), Gen.Int[16, 19], Digits(19), (prefix, length, body) => WithLuhn(prefix + body[..(length - prefix.Length - 1)]));

    public static Gen<string> Imei { get; } = Gen.Select(Of("86", "35", "01", "99"), Digits(12), (body, rest) => WithLuhn(body + rest));

    public static Gen<string> Iccid { get; } = Gen.Select(Of("8944", "898600", "8901"), Digits(18), (prefix, rest) => WithLuhn(prefix + rest[..(18 - prefix.Length)]));

    public static Gen<string> Vin { get; } = Gen.Select(Of("0123456789ABCDEFGHJKLMNPRSTUVWXYZ".ToCharArray()).Array[13], Digits(4), (head, tail) =>
    {
        const string Values = "0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ"; // the place modulo 10 is the value
        int[] weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
        var s = (new string(head) + tail).ToCharArray();
        var sum = s.Zip(weights, (c, w) => Values.IndexOf(c, StringComparison.Ordinal) % 10 * w).Sum();
        s[8] = sum % 11 == 10 ? 'X' : (char)('0' + (sum % 11));
        return new string(s);
    });

    public static Gen<string> Iban { get; } = Gen.Select(Of("DE", "GB", "FR", "SA"), Digits(18), (country, body) =>
    {
        var number = string.Concat((body + country + "00").Select(c => char.IsDigit(c) ? c.ToString() : (c - 'A' + 10).ToString(CultureInfo.InvariantCulture)));
        var check = 98 - (int)(System.Numerics.BigInteger.Parse(number, CultureInfo.InvariantCulture) % 97);
        return country + check.ToString("00", CultureInfo.InvariantCulture) + body;
    });

    private static Gen<T> Of<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    public static Gen<string> Digits(int length) => Gen.Char['0', '9'].Array[length].Select(chars => new string(chars));

    public static string WithIdCheck(string body)
    {
        var sum = 0;
        for (var i = 0; i < 17; i++)
            sum += (body[i] - '0') * ((1 << (17 - i)) % 11);
        return body + "10X98765432"[sum % 11];
    }

    private static string WithCreditCheck(string body)
    {
        const string Letters = "0123456789ABCDEFGHJKLMNPQRTUWXY";
        int sum = 0, weight = 1;
        foreach (var c in body)
        {
            sum += Letters.IndexOf(c, StringComparison.Ordinal) * weight;
            weight = weight * 3 % 31;
        }

        return body + Letters[(31 - (sum % 31)) % 31];
    }

    private static string WithLuhn(string body)
    {
        var sum = 0;
        for (var i = 0; i < body.Length; i++)
        {
            var digit = body[^(i + 1)] - '0';
            sum += i % 2 == 0 ? (digit * 2 / 10) + (digit * 2 % 10) : digit;
        }

        return body + ((10 - (sum % 10)) % 10).ToString(CultureInfo.InvariantCulture);
    }
}
