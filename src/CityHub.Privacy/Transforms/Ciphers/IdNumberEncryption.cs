using System.Globalization;
using CityHub.Crypto;

namespace CityHub.Privacy;

/// <summary>
/// Format-preserving encryption of resident ID numbers (GB 11643, 18 characters): the result has a date of 1900 to 2099 and a right check digit, so that systems which check it take it. What is
/// asked for stays: digits of the region, year or date of birth, sex. What is left has to have a million possibilities (SP 800-38G rev. 1), so that whole region and date cannot both stay.
/// A region that does not stay becomes six digits that may be of no place. FF1 over bits, repeated until the number is in the domain again (cycle walking).
/// </summary>
public sealed class IdNumberEncryption : ValueTransform
{
    internal const string Word = "id-number-encryption";

    private const int AllDays = 73_049; // 1900-01-01 to 2099-12-31

    private static readonly DateOnly First = new(1900, 1, 1);

    /// <param name="keepRegion">0, or 2, 4, 6 digits: province, city, county.</param>
    /// <param name="keepBirth">0, or 4 for the year, or 8 for the date.</param>
    /// <param name="keepSex">Whether the last digit of the sequence stays odd or even.</param>
    public IdNumberEncryption(string column, string identity, KeyUse key, int keepRegion = 0, int keepBirth = 0, bool keepSex = false, bool back = false)
        : base(column)
    {
        (Identity, Key, KeepRegion, KeepBirth, KeepSex, Back) = (identity, key, keepRegion, keepBirth, keepSex, back);
        if (keepRegion is not (0 or 2 or 4 or 6) || keepBirth is not (0 or 4 or 8))
            throw Unusable("Of the region 0, 2, 4 or 6 digits stay, of the birth 0, 4 (year) or 8 (date).", column: column);
        if (Domain(365) < Ff1.MinDomain)
        {
            throw Unusable(
                FormattableString.Invariant($"With {keepRegion} digits of the region and {keepBirth} of the birth only {Domain(365)} numbers are left, and a million are needed: all could be tried."),
                "Keep less, or give region and birth as generalised columns of their own.", column);
        }
    }

    public string Identity { get; }

    public KeyUse Key { get; }

    public int KeepRegion { get; }

    public int KeepBirth { get; }

    public bool KeepSex { get; }

    public bool Back { get; }

    public override string Kind => Word;

    public override string Keeps => $"length, a right check digit, equality{(KeepRegion > 0 ? ", region" : "")}{KeepBirth switch { 4 => ", year of birth", 8 => ", date of birth", _ => "" }}{(KeepSex ? ", sex" : "")}";

    public override Transform Inverse() => new IdNumberEncryption(Column, Identity, Key, KeepRegion, KeepBirth, KeepSex, !Back);

    /// <summary>Whether it is an ID number of 18 characters with a date of 1900 to 2099 and the right check digit.</summary>
    public static bool IsValid(string value) => value.Length == 18 && TryRead(value, out _, out _, out _) && value[17] == Check(value);

    private protected override ValueFunction Start(TransformContext context)
    {
        using var key = Key.Derive(Word, context, default);
        var ff1 = new Ff1(context.Own(key.Open(BlockCiphers.Of(Key.Suite))), 2);
        var scope = context.NeedScope(Word).Bytes(Identity);
        return value => Run(ff1, scope, value);
    }

    private string Run(Ff1 ff1, byte[] scope, string value)
    {
        value = value.Replace('x', 'X');
        if (!IsValid(value) || !TryRead(value, out var region, out var birth, out var sequence))
            throw Unusable("A value is not an ID number of 18 characters with a date of birth and the right check digit.", "Suppress or mask the others first.", Column);

        // 1. One number of all that does not stay: region, day, sequence.
        var start = KeepBirth == 4 ? new DateOnly(birth.Year, 1, 1) : First;
        var days = KeepBirth == 4 ? (DateTime.IsLeapYear(birth.Year) ? 366 : 365) : AllDays;
        var places = (int)Math.Pow(10, 6 - KeepRegion);
        long number = region % places;
        if (KeepBirth < 8)
            number = (number * days) + (birth.DayNumber - start.DayNumber);
        number = KeepSex ? (number * 500) + (sequence / 2) : (number * 1000) + sequence;

        // 2. Encrypted over bits until it is in the domain; what stays is the tweak. The mean is below two turns.
        var domain = Domain(days);
        var bits = Math.Max(ff1.MinLength, 64 - (int)long.LeadingZeroCount(domain - 1));
        byte[] tweak = [.. scope, .. System.Text.Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{KeepRegion}:{region / places}:{KeepBirth}:{KeepBirth switch { 0 => 0, 4 => birth.Year, _ => birth.DayNumber }}:{(KeepSex ? sequence % 2 : 2)}"))];
        Span<ushort> numerals = stackalloc ushort[bits];
        do
        {
            for (var i = 0; i < bits; i++)
                numerals[i] = (ushort)((number >> (bits - 1 - i)) & 1);
            if (Back)
                ff1.Decrypt(numerals, tweak);
            else
                ff1.Encrypt(numerals, tweak);
            number = 0;
            foreach (var bit in numerals)
                number = (number << 1) | bit;
        }
        while (number >= domain);

        // 3. Taken apart again.
        (number, sequence) = KeepSex ? (number / 500, (int)(number % 500 * 2) + (sequence % 2)) : (number / 1000, (int)(number % 1000));
        if (KeepBirth < 8)
            (number, birth) = (number / days, start.AddDays((int)(number % days)));
        region = (region / places * places) + (int)number;
        var text = string.Create(CultureInfo.InvariantCulture, $"{region:000000}{birth:yyyyMMdd}{sequence:000}");
        return text + Check(text);
    }

    private long Domain(int days) => (long)Math.Pow(10, 6 - KeepRegion) * (KeepBirth switch { 8 => 1, 4 => days, _ => AllDays }) * (KeepSex ? 500 : 1000);

    private static bool TryRead(string value, out int region, out DateOnly birth, out int sequence)
    {
        (region, birth, sequence) = (0, default, 0);
        return int.TryParse(value.AsSpan(0, 6), NumberStyles.None, CultureInfo.InvariantCulture, out region)
            && DateOnly.TryParseExact(value.AsSpan(6, 8), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out birth) && birth.Year is >= 1900 and <= 2099
            && int.TryParse(value.AsSpan(14, 3), NumberStyles.None, CultureInfo.InvariantCulture, out sequence);
    }

    /// <summary>ISO 7064, MOD 11-2, as in GB 11643.</summary>
    internal static char Check(ReadOnlySpan<char> text)
    {
        ReadOnlySpan<int> weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        var sum = 0;
        for (var i = 0; i < 17; i++)
            sum += (text[i] - '0') * weights[i];
        return "10X98765432"[sum % 11];
    }

    internal override void Write(ParameterWriter into)
    {
        Key.Write(into.Add("column", Column).Add("identity", Identity));
        into.Add("keepRegion", KeepRegion).Add("keepBirth", KeepBirth).Add("keepSex", KeepSex).Add("back", Back);
    }

    internal static Transform Read(ParameterReader from) => new IdNumberEncryption(
        from.Text("column"), from.Text("identity"), KeyUse.Read(from), from.Int("keepRegion", 0, 6, 0), from.Int("keepBirth", 0, 8, 0), from.Bool("keepSex"), from.Bool("back"));
}
