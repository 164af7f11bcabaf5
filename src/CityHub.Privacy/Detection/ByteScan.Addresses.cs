using static CityHub.Privacy.CheckDigits;

namespace CityHub.Privacy;

/// <summary>Digits with dots, colons and hyphens: addresses of machines, and coordinates.</summary>
internal ref partial struct ByteScan
{
    /// <summary>001a.2b3c.4d5e, by any of its groups.</summary>
    private bool TryDottedMac(int first, int last)
    {
        for (var start = first; start >= first - 10 && start >= taken; start -= 5)
        {
            if (start + 14 > text.Length || IsWord(ByteAt(start - 1)) || IsWord(ByteAt(start + 14)) || ByteAt(start - 1) == '.')
                continue;
            if (!NetworkAddresses.IsMac(text.Slice(start, 14)))
                continue;
            Take(Detectors.Mac, start, start + 14);
            return true;
        }

        Work += last - first;
        return false;
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
