using System.Buffers;
using System.Text;
using static CityHub.Privacy.CheckDigits;

namespace CityHub.Privacy;

/// <summary>What a sign or a Chinese character announces: mail, labels, plates, addresses.</summary>
internal ref partial struct ByteScan
{
    // The last characters of what an address may go on with behind a house number.
    private static readonly SearchValues<char> HouseSigns = SearchValues.Create("号弄栋幢室单元层座楼院户排组巷铺区东西南北门甲乙丙丁之附");

    private static readonly SearchValues<char> Verbs = SearchValues.Create("住在于至到址往为是");

    private static readonly string[] Provinces = ("北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门").Split(' ');

    private static readonly SearchValues<byte> ValueEnd = SearchValues.Create(",;\"'<>|\t\r\n)]}:&=\0"u8);

    private bool TryMail(int at)
    {
        var floor = Math.Max(taken, mails);
        var start = at;
        while (start > floor && NetworkAddresses.IsLocalByte(text[start - 1]))
            start--;
        var end = at + 1;
        while (end < text.Length && NetworkAddresses.IsDomainByte(text[end]))
            end++;
        mails = at + 1;
        Work += end - start;
        while (end > at + 1 && text[end - 1] is (byte)'.' or (byte)'-')
            end--;
        if (start < at && ByteAt(start - 1) is (byte)':' or (byte)'/' && TryUser(start, at, end, floor))
            return true;
        while (start < at && text[start] is (byte)'.' or (byte)'\'' or (byte)'-' or (byte)'%')
            start++;
        if (!NetworkAddresses.IsEmail(text[start..end]))
            return false;
        Take(Detectors.Email, start, end);
        return true;
    }

    /// <summary>scheme://user:secret@host; [start, at) is what stands between the last sign and the @.</summary>
    private bool TryUser(int start, int at, int end, int floor)
    {
        floor = Math.Max(floor, start - 200);
        var from = start;
        while (from > floor && text[from - 1] is > (byte)' ' and not ((byte)'"' or (byte)'<' or (byte)'>' or (byte)'\'' or >= 0x80))
            from--;
        Work += start - from;
        var scheme = text[from..at].IndexOf("://"u8);
        if (scheme < 0)
            return false;
        var first = from + scheme;
        while (first > from && IsLetter(text[first - 1]))
            first--;
        if (!NetworkAddresses.IsUrlWithUser(text[first..end]))
            return false;
        Take(Detectors.UrlWithUser, first, end);
        return true;
    }

    /// <summary>A label, a colon, a value: 民族：汉, "name": "张三". The rules of the label's detectors judge the value.</summary>
    private void TryLabel(int colon)
    {
        var end = colon;
        while (colon - end < 2 && ByteAt(end - 1) is (byte)' ' or (byte)'"' or (byte)'\'')
            end--;
        var last = ByteAt(end - 1);
        var value = colon + (text[colon] == ':' ? 1 : 3);
        if (last >= 0x80)
        {
            // The longest of the words that end here: 患者姓名 before 姓名.
            var start = end;
            var words = chars[..8];
            var length = 0;
            while (length < 8 && start - 3 >= taken && text[start - 3] is >= 0xE3 and <= 0xE9 && (text[start - 1] & 0xC0) == 0x80)
            {
                start -= 3;
                length++;
                words[^length] = Character(start);
            }

            Work += end - start;
            for (; length >= 2; length--)
            {
                var found = HeaderWords.OfLabel(words[^length..]);
                if (!found.IsEmpty)
                {
                    TryValue(value, found);
                    return;
                }
            }
        }
        else if (IsWord(last))
        {
            var start = end;
            var label = chars[..24];
            var length = 0;
            while (length < label.Length && start > taken && (IsWord(text[start - 1]) || text[start - 1] is (byte)'_' or (byte)'-'))
            {
                start--;
                if (IsWord(text[start]))
                    label[^++length] = (char)(IsLetter(text[start]) ? text[start] | 0x20 : text[start]);
            }

            Work += end - start;
            var found = length >= 2 ? HeaderWords.OfLabel(label[^length..]) : [];
            if (!found.IsEmpty)
                TryValue(value, found);
        }
    }

    private void TryValue(int start, ReadOnlySpan<Detector> detectors)
    {
        var most = start + 3;
        while (start < most && ByteAt(start) is (byte)' ' or (byte)'"' or (byte)'\'')
            start++;
        var window = text[start..Math.Min(text.Length, start + 160)];
        var loose = window.IndexOfAny(ValueEnd);
        window = loose < 0 ? window : window[..loose];
        // Full-width and Chinese punctuation (U+3000 to 303F, U+FF00 to FFEF) ends a value, too.
        for (var i = 0; i + 2 < window.Length; i++)
        {
            if (window[i] == 0xEF || (window[i] == 0xE3 && window[i + 1] == 0x80))
                window = window[..i];
        }

        Work += window.Length;
        window = window.TrimEnd(" "u8);
        var space = window.IndexOf((byte)' ');
        foreach (var detector in detectors)
        {
            if (Holds(detector, window))
            {
                Take(detector, start, start + window.Length);
                return;
            }

            if (space > 0 && Holds(detector, window[..space]))
            {
                Take(detector, start, start + space);
                return;
            }
        }
    }

    private readonly bool Holds(Detector detector, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty || value.Length > Cell.Longest)
            return false;
        var length = Encoding.UTF8.GetChars(value, chars[Cell.Longest..]);
        return detector.Matches(Cell.Of(chars.Slice(Cell.Longest, length), chars[..Cell.Longest], bytes));
    }

    /// <summary>Digits behind a Chinese sign: 使123456, 军字第1234567号, 京A·12345.</summary>
    private void TryAfterHan(int start, int end)
    {
        if (ByteAt(start - 1) == 0xAC && start >= 3 && Character(start - 3) == '第')
            TryOfficer(start, end);
        else
            TryPlate(start, end);
    }

    private void TryOfficer(int start, int end)
    {
        var from = start;
        while (start - from < 15 && from - 3 >= taken && text[from - 3] is >= 0xE4 and <= 0xE9)
            from -= 3;
        var to = Character(end) == '号' ? end + 3 : end;
        Work += to - from;
        // The sign may stand behind other words: 持军字第…
        for (; from < start; from += 3)
        {
            var length = Encoding.UTF8.GetChars(text[from..to], chars);
            if (IdentityNumbers.IsOfficerCard(chars[..length]))
            {
                Take(Detectors.OfficerCard, from, to);
                return;
            }
        }
    }

    /// <summary>[first, last) is what is ASCII of a plate at its end; before it stand the province, and a letter and a dot or not.</summary>
    private bool TryPlate(int first, int last)
    {
        var from = first;
        if (ByteAt(from - 1) == 0xB7 && ByteAt(from - 2) == 0xC2)
            from -= 2;
        else if (ByteAt(from - 1) == 0xA2 && ByteAt(from - 2) == 0x80)
            from -= 3;
        if (from != first && IsLetter(ByteAt(from - 1)))
            from--;
        if (from - 3 < taken || text[from - 3] is < 0xE4 or > 0xE9)
            return false;
        from -= 3;
        var sign = Character(from);
        var army = IsWord(ByteAt(from - 1)) && (ByteAt(from - 1) | 0x20) == 'j' && (ByteAt(from - 2) | 0x20) == 'w';
        if (!Vehicles.Provinces.Contains(sign, StringComparison.Ordinal) && !"使军空海北沈兰济南广成".Contains(sign, StringComparison.Ordinal))
            return false;
        from -= army && from - 2 >= taken ? 2 : 0;
        Work += last - from;
        for (var more = 2; more >= 0; more--)
        {
            var to = last + (3 * more);
            if (to > text.Length || (more > 0 && text[last] is < 0xE4 or > 0xE9))
                continue;
            var length = Encoding.UTF8.GetChars(text[from..to], chars);
            Span<char> s = chars[..length];
            for (var i = 0; i < s.Length; i++)
                s[i] = Cell.Plain(s[i]);
            var found = more == 0 && Vehicles.IsPlate(s) ? Detectors.Plate
                : more == 0 && Vehicles.IsNewEnergy(s) ? Detectors.NewEnergyPlate
                : Vehicles.IsSpecial(s) ? Detectors.SpecialPlate : null;
            if (found is null)
                continue;
            Take(found, from, to);
            return true;
        }

        return false;
    }

    /// <summary>A house number: the address goes back over Chinese characters, and on over numbers of buildings, floors and rooms.</summary>
    private void TryHouse(int start, int end)
    {
        if (start < houses || !HouseSigns.Contains(Character(end)))
            return;
        var floor = Math.Max(Math.Max(taken, houses), start - 180);
        var from = start;
        while (from > floor)
        {
            var b = text[from - 1];
            if (IsWord(b) || b == '-')
            {
                from--;
                continue;
            }

            if (b < 0x80 || from - 3 < floor || text[from - 3] is < 0xE4 or > 0xE9)
                break;
            from -= 3;
        }

        var to = end;
        var signs = end;
        while (to - end < 90)
        {
            if (IsWord(ByteAt(to)) || ByteAt(to) == '-')
                to++;
            else if (to + 2 < text.Length && text[to] >= 0xE4 && HouseSigns.Contains(Character(to)))
                signs = to += 3;
            else
                break;
        }

        // Digits at the very end are a room, unless they are too many for one.
        if (to - signs > 6)
            to = signs;
        houses = to;
        Work += to - from;
        // Six characters at least, three of them Chinese.
        if (to - from < 12)
            return;
        var length = Encoding.UTF8.GetChars(text[from..to], chars);
        var s = chars[..length];
        var skip = Beginning(s);
        if (Places.IsAddress(s[skip..]))
            Take(Detectors.Address, from + Encoding.UTF8.GetByteCount(s[..skip]), to);
    }

    /// <summary>Where an address begins in the words before it: at its province, or behind 住在, 位于 and their like.</summary>
    private static int Beginning(ReadOnlySpan<char> s)
    {
        var best = -1;
        foreach (var province in Provinces)
        {
            var at = s.IndexOf(province, StringComparison.Ordinal);
            if (at >= 0 && (best < 0 || at < best))
                best = at;
        }

        if (best >= 0)
            return best;
        var division = s.IndexOfAny('市', '区', '县');
        var head = division < 0 ? s : s[..division];
        return head.LastIndexOfAny(Verbs) + 1;
    }

    /// <summary>The character of the three bytes; 0 where there are none.</summary>
    private readonly char Character(int at) =>
        at >= 0 && at + 2 < text.Length && (text[at] & 0xF0) == 0xE0 ? (char)(((text[at] & 0x0F) << 12) | ((text[at + 1] & 0x3F) << 6) | (text[at + 2] & 0x3F)) : '\0';
}
