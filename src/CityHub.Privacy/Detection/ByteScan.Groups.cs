using static CityHub.Privacy.CheckDigits;

namespace CityHub.Privacy;

/// <summary>Numbers in groups, with blanks or hyphens between them.</summary>
internal ref partial struct ByteScan
{
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

    /// <summary>+86-10-66666666: the area code without its 0.</summary>
    private void TryAbroad(int start, int end)
    {
        if (end - start > 3 || start - 4 < taken || !text.Slice(start - 4, 3).SequenceEqual("+86"u8))
            return;
        var at = end;
        var length = 0;
        if (Join(ref at, ref length, 7, 8, (byte)'-') > 0 && Telephones.IsLandline(text[(start - 4)..at]))
            Take(Detectors.Landline, start - 4, at);
    }

    /// <summary>An IBAN as it is printed: groups of four, the last one shorter or not.</summary>
    private bool TryIbanGroups(int first, int last)
    {
        var s = Capitals;
        int length = 0, at = first, before = 0;
        while (length <= LongestWord)
        {
            var end = at;
            while (end - at <= 4 && IsWord(ByteAt(end)))
                end++;
            if (end == at || end - at > 4 || length + end - at > LongestWord)
                break;
            for (var i = at; i < end; i++)
                s[length++] = text[i] is var b && b >= (byte)'a' ? (byte)(b - 32) : b;
            (before, at) = (end - at, end + 1);
            if (before < 4 || ByteAt(end) != ' ')
                break;
        }

        Work += at - first;
        // What stands behind it may be a short word.
        for (var tries = 0; tries < 2 && length - before >= 8; tries++, (length, at) = (length - before, at - before - 1))
        {
            if (!NetworkAddresses.IsIban(s[..length]))
                continue;
            Take(Detectors.IbanNumber, first, at - 1);
            return true;
        }

        return false;
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
}
