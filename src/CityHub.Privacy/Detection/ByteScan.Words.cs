using static CityHub.Privacy.CheckDigits;

namespace CityHub.Privacy;

/// <summary>Words of letters and digits, and the numbers that letters are stuck to.</summary>
internal ref partial struct ByteScan
{
    /// <summary>The longest word that is a datum: an IBAN.</summary>
    private const int LongestWord = 34;

    /// <summary>A word with a digit in it: [start, end) is its first run of digits that was not looked at before.</summary>
    private void LookAtWord(int start, int end, int before)
    {
        var first = start;
        while (first > before && IsLetter(text[first - 1]))
            first--;
        var last = end;
        while (last < text.Length && IsWord(text[last]))
            last++;
        consumed = last;
        Work += last - first;
        var length = last - first;
        var next = ByteAt(last);
        var previous = ByteAt(first - 1);
        if (IsWord(previous))
            return;
        if (next == '@' && TryMail(last))
            return;
        if (length <= 4 && (next == ':' || previous == ':') && TryColons(first, last, before))
            return;
        if ((next == '-' || previous == '-') && TryHyphens(first, last))
            return;
        if (length == 4 && (next == '.' || previous == '.') && TryDottedMac(first, last))
            return;
        if (length > 2 * LongestWord)
            return;
        if (length <= LongestWord)
        {
            var s = Capitals[..length];
            for (var i = 0; i < length; i++)
            {
                var b = text[first + i];
                s[i] = b >= (byte)'a' ? (byte)(b - 32) : b;
            }

            var found = Word(s);
            if (found is not null)
            {
                Take(found, first, last);
                return;
            }

            if (length == 4 && next == ' ' && start == first + 2 && TryIbanGroups(first, last))
                return;
            if (length is >= 5 and <= 8 && previous >= 0x80 && TryPlate(first, last))
                return;
        }

        // A number that letters are stuck to: tel13800138000, 13800138000x.
        if (start - first <= 12)
        {
            if (end - start is >= 10 and <= 20)
                LookAtNumber(start, end);
            else if (end - start == 17 && end < last && (text[end] | 0x20) == 'x' && !IsWord(ByteAt(end + 1)))
                TryIdWithX(start);
        }
    }

    private static Detector? Word(ReadOnlySpan<byte> s)
    {
        switch (s.Length)
        {
            case 9:
                return IdentityNumbers.IsPassport(s) ? Detectors.Passport : IdentityNumbers.IsHongKongMacao(s) ? Detectors.HongKongMacaoPermit : null;
            case 11:
                return IdentityNumbers.IsHongKongMacao(s) ? Detectors.HongKongMacaoPermit : null;
            case 17:
                return Vehicles.IsVin(s) ? Detectors.Vin : Iban(s);
            case 18:
                return Id(s) ?? Iban(s);
            case 15 when IdentityNumbers.IsForeignPermanent(s):
                return Detectors.ForeignPermanentId;
            case 19 or 20 when CardNumbers.IsIccid(s):
                return Detectors.Iccid;
            case 28 when Places.IsRealEstateUnit(s):
                return Detectors.RealEstateUnit;
            case >= 15:
                return Iban(s);
            default:
                return null;
        }
    }

    private static Detector? Iban(ReadOnlySpan<byte> s) => NetworkAddresses.IsIban(s) ? Detectors.IbanNumber : null;

    private void TryIdWithX(int start)
    {
        var s = Capitals[..18];
        text.Slice(start, 17).CopyTo(s);
        s[17] = (byte)'X';
        var found = Id(s);
        if (found is not null)
            Take(found, start, start + 18);
    }
}
