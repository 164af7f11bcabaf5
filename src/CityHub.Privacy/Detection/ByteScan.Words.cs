using static CityHub.Privacy.CheckDigits;

namespace CityHub.Privacy;

/// <summary>Words of letters and digits, and numbers in groups.</summary>
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

    /// <summary>138 0013 8000, 010-88888888, (0755)1234567, 400-810-8888, 6222 0211 …, 110101 19900307 1234, 219-09-9999: the first group says what it could be.</summary>
    private bool TryGroups(int start, int end, byte separator)
    {
        // In the middle of a chain of groups nothing begins.
        if (separator == '-' && ByteAt(start - 1) == '-' && IsDigit(ByteAt(start - 2)))
            return false;
        var at = end;
        var joined = Capitals;
        var length = end - start;
        text[start..end].CopyTo(joined);
        var lead = text[start];
        Detector? found = null;
        if (separator == ')')
        {
            if (lead == '0' && length <= 4 && ByteAt(start - 1) == '(' && Join(ref at, ref length, 7, 8, separator) > 0 && Telephones.IsLocal(joined[..length]))
                found = Detectors.Landline;
            if (found is not null)
                start--;
        }
        else if (end - start == 6)
        {
            if (Join(ref at, ref length, 8, 8, separator) > 0 ? Join(ref at, ref length, 4, 4, separator, x: true) > 0
                : Join(ref at, ref length, 4, 4, separator) > 0 && Join(ref at, ref length, 4, 4, separator) > 0 && Join(ref at, ref length, 4, 4, separator, x: true) > 0)
                found = Id(joined[..18]);
        }
        else if (lead == '0')
        {
            var group = Join(ref at, ref length, 3, 8, separator);
            if (group is 3 or 4)
                Join(ref at, ref length, 4, 4, separator);
            found = group > 0 ? Landline(joined[..length]) : null;
        }
        else if (end - start == 4)
        {
            if (Join(ref at, ref length, 4, 4, separator) > 0 && Join(ref at, ref length, 4, 4, separator) > 0 && Join(ref at, ref length, 4, 4, separator) > 0)
            {
                Join(ref at, ref length, 1, 3, separator);
                // One group more, and it is a table of numbers.
                found = ByteAt(at) == separator && IsDigit(ByteAt(at + 1)) ? null : Card(joined[..length]);
            }
        }
        else if (lead == '1')
        {
            if (Join(ref at, ref length, 4, 4, separator) > 0 && Join(ref at, ref length, 4, 4, separator) > 0 && Telephones.IsMobile(joined[..length]))
                found = Detectors.Mobile;
        }

        if (found is null && end - start == 3 && lead != '0' && separator != ')')
            found = ShortGroups(start, end, separator, out at);
        Work += at - end;
        if (found is null || IsWord(ByteAt(at)) || (separator == '-' && found != Detectors.Landline && ByteAt(at) == '-' && IsDigit(ByteAt(at + 1))))
            return false;
        Take(found, start, at);
        return true;
    }

    /// <summary>A service number, or that of the American social security.</summary>
    private readonly Detector? ShortGroups(int start, int end, byte separator, out int at)
    {
        at = end;
        var length = end - start;
        if (text[start + 1] == '0' && text[start + 2] == '0' && text[start] is (byte)'4' or (byte)'8')
        {
            var group = Join(ref at, ref length, 3, 7, separator);
            if (group is 3 or 4)
                Join(ref at, ref length, 7 - group, 7 - group, separator);
            return length == 10 && Telephones.IsService(Capitals[..10]) ? Detectors.ServiceNumber : null;
        }

        if (separator != '-' || Join(ref at, ref length, 2, 2, separator) == 0 || Join(ref at, ref length, 4, 4, separator) == 0)
            return null;
        return IdentityNumbers.IsSocialSecurity(text[start..at]) ? Detectors.SocialSecurityNumber : null;
    }

    /// <summary>Reads the separator and a whole group of so many digits into the joined number; nothing, and 0, where the group is another.</summary>
    private readonly int Join(ref int at, ref int length, int least, int most, byte separator, bool x = false)
    {
        if (ByteAt(at) != separator)
            return 0;
        var from = at + 1;
        var to = from;
        while (to - from <= most && IsDigit(ByteAt(to)))
            to++;
        if (x && to - from == 3 && (ByteAt(to) | 0x20) == 'x')
            to++;
        if (to - from < least || to - from > most)
            return 0;
        text[from..to].CopyTo(Capitals[length..]);
        if (x && !IsDigit(text[to - 1]))
            Capitals[length + to - from - 1] = (byte)'X';
        (at, length) = (to, length + to - from);
        return to - from;
    }

    /// <summary>An address of IPv4, or a pair of coordinates.</summary>
    private void TryDots(int start, int end)
    {
        if (ByteAt(start - 1) == '.')
            return;
        var last = end;
        while (last - start < 16 && (IsDigit(ByteAt(last)) || ByteAt(last) == '.'))
            last++;
        Work += last - end;
        var stop = text[last - 1] == '.' ? last - 1 : last;
        if (NetworkAddresses.IsIPv4(text[start..stop]) && !IsWord(ByteAt(last)))
        {
            Take(Detectors.IPv4, start, stop);
            return;
        }

        // At least three decimals, a separator, and again.
        if (last - end < 4 || ByteAt(last) is not ((byte)',' or (byte)' ' or (byte)';'))
            return;
        var second = last + 1;
        while (second - last < 3 && ByteAt(second) == ' ')
            second++;
        var to = ByteAt(second) == '-' ? second + 1 : second;
        while (to - second < 20 && (IsDigit(ByteAt(to)) || ByteAt(to) == '.'))
            to++;
        Work += to - last;
        var from = ByteAt(start - 1) == '-' ? start - 1 : start;
        if (!IsWord(ByteAt(to)) && Places.IsPairInChina(text[from..to]))
            Take(Detectors.Coordinates, from, to);
    }

    /// <summary>MAC addresses and those of IPv6. Groups of at most four hexadecimal digits are consumed as a whole, so that no chain is walked twice.</summary>
    private bool TryColons(int first, int last, int before)
    {
        for (var i = first; i < last; i++)
        {
            if (!NetworkAddresses.IsHex(text[i]))
                return false;
        }

        var floor = Math.Max(before, taken);
        var start = first;
        while (start > floor && (text[start - 1] == ':' || NetworkAddresses.IsHex(text[start - 1])))
            start--;
        var colons = 0;
        var twice = false;
        for (var i = start; i < first; i++)
        {
            colons += text[i] == ':' ? 1 : 0;
            twice |= text[i] == ':' && i > start && text[i - 1] == ':';
        }

        var end = last;
        while (ByteAt(end) == ':')
        {
            twice |= text[end - 1] == ':';
            var group = end + 1;
            while (group - end <= 5 && NetworkAddresses.IsHex(ByteAt(group)))
                group++;
            if (IsWord(ByteAt(group)))
                break;
            colons++;
            end = group;
        }

        consumed = Math.Max(consumed, end);
        Work += end - start;
        if (colons < 2)
            return false;
        if (IsWord(ByteAt(start - 1)))
            return false;
        var stop = end;
        if (colons == 5 && end - start == 17 && NetworkAddresses.IsMac(text[start..end]))
        {
            Take(Detectors.Mac, start, end);
            return true;
        }

        if (!twice && colons < 6)
            return false;
        while (stop - end < 12 && (IsDigit(ByteAt(stop)) || ByteAt(stop) == '.'))
            stop++;
        stop = stop > end && text[stop - 1] == '.' ? stop - 1 : stop;
        // "fe80::1:" ends a sentence or a key with its colon.
        if (stop == end && text[end - 1] == ':' && ByteAt(end - 2) != ':')
            stop--;
        if (!NetworkAddresses.IsIPv6(text[start..stop]))
            return false;
        Take(Detectors.IPv6, start, stop);
        return true;
    }

    /// <summary>A UUID by its third group, which always begins with a digit, or a MAC address by any pair.</summary>
    private bool TryHyphens(int first, int last)
    {
        if (last - first == 4 && first - 14 >= taken && ByteAt(first - 1) == '-' && first + 22 <= text.Length
            && !IsWord(ByteAt(first - 15)) && !IsWord(ByteAt(first + 22)) && NetworkAddresses.IsUuid(text.Slice(first - 14, 36)))
        {
            Take(Detectors.Uuid, first - 14, first + 22);
            return true;
        }

        if (last - first != 2 || !NetworkAddresses.IsHex(text[first]) || !NetworkAddresses.IsHex(text[first + 1]))
            return false;
        Work += 4;
        var start = first;
        while (first - start < 15 && start - 3 >= taken && ByteAt(start - 1) == '-' && NetworkAddresses.IsHex(ByteAt(start - 2)) && NetworkAddresses.IsHex(ByteAt(start - 3)))
            start -= 3;
        Work += first - start;
        if (start + 17 > text.Length || IsWord(ByteAt(start - 1)) || IsWord(ByteAt(start + 17)) || ByteAt(start + 17) == '-')
            return false;
        var s = Capitals[..17];
        for (var i = 0; i < 17; i++)
            s[i] = text[start + i] is var b && b >= (byte)'a' ? (byte)(b - 32) : b;
        if (!NetworkAddresses.IsMac(s))
            return false;
        Take(Detectors.Mac, start, start + 17);
        return true;
    }
}
