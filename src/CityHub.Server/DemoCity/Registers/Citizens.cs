using System.Globalization;

namespace CityHub.Server.DemoCity.Registers;

/// <summary>A person who does not exist.</summary>
/// <param name="Id">Eighteen digits like a citizen identity number (GB 11643), with a right check digit, of a province 99 that there is not.</param>
/// <param name="Household">Number of the household, from 0.</param>
internal readonly record struct Citizen(int Number, string Id, string Name, bool Female, DateOnly Born, int Household, string Town, string Address);

/// <summary>
/// The people of 枢州: households of one to six in its sixty towns. Every value is made from the seed and the person's number, so that registers of different departments
/// agree on who is who without knowing each other, and any part can be made alone.
/// </summary>
internal sealed class Citizens
{
    private static readonly string[] Surnames = ["王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "高", "罗", "郑", "梁", "谢", "宋", "唐", "许", "邓", "冯", "韩", "曹", "欧阳", "司马"];
    private static readonly string[] FirstLetters = ["秀", "志", "国", "建", "文", "晓", "海", "明", "春", "雪", "玉", "家", "思", "子", "雨", "浩", "梦", "佳", "俊", "永"];
    private static readonly string[] LastLetters = ["英", "强", "芳", "伟", "敏", "静", "军", "丽", "涛", "艳", "勇", "杰", "娟", "霞", "平", "刚", "桂", "华", "宁", "轩", "涵", "怡"];
    private static readonly string[] Streets = ["解放", "人民", "滨江", "学府", "桃源", "建设", "和平", "长宁", "新华", "望湖"];
    private static readonly int[] Weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]; // GB 11643
    private const string CheckDigits = "10X98765432";

    private readonly int _seed;
    private readonly Shuzhou _city;
    private readonly int[] _firstOf;

    /// <param name="today">Nobody is born after it.</param>
    public Citizens(Shuzhou city, int count, DateOnly today, int seed)
    {
        (_city, _seed, Count, Today) = (city, seed, count, today);
        var firsts = new List<int>();
        for (var person = 0; person < count;)
        {
            firsts.Add(person);
            person += HouseholdSize(firsts.Count - 1);
        }

        firsts.Add(count);
        _firstOf = [.. firsts];
    }

    public int Count { get; }

    public DateOnly Today { get; }

    public int Households => _firstOf.Length - 1;

    /// <summary>六位 of a district and three more of a town: 990103002.</summary>
    public string TownCode(int household)
    {
        return TownCodeAt((int)(Mix(household, 11) % (uint)_city.Towns.Count));
    }

    /// <summary>Of a town by its place in the city's list: twelve in the middle, six in each district around it.</summary>
    public static string TownCodeAt(int town)
    {
        var (district, index) = town < 12 ? (1, town + 1) : ((town - 12) / 6 + 2, (town - 12) % 6 + 1);
        return string.Create(CultureInfo.InvariantCulture, $"9901{district:00}{index:000}");
    }

    public Place TownOf(int household) => _city.Towns[(int)(Mix(household, 11) % (uint)_city.Towns.Count)];

    /// <summary>The number of the first person of a household, and how many there are.</summary>
    public (int First, int Size) Household(int household) => (_firstOf[household], _firstOf[household + 1] - _firstOf[household]);

    public static string HouseholdId(int household) => string.Create(CultureInfo.InvariantCulture, $"H99{household:0000000}");

    public string AddressOf(int household)
    {
        var town = TownOf(household);
        return string.Create(CultureInfo.InvariantCulture, $"{town.Scope[1..].Replace("/", "", StringComparison.Ordinal)}{Streets[Mix(household, 12) % (uint)Streets.Length]}路{Mix(household, 13) % 300 + 1}号{Mix(household, 14) % 20 + 1}栋{Mix(household, 15) % 30 + 1}-{Mix(household, 16) % 4 + 1}");
    }

    public Citizen this[int number]
    {
        get
        {
            var household = HouseholdOf(number);
            var (first, size) = Household(household);
            var place = number - first;
            // The first two are adults, at least; children follow, and sometimes a grandparent.
            var age = place < 2 || size == 1 ? 22 + (int)(Mix(number, 1) % 60) : size >= 5 && place == size - 1 ? 65 + (int)(Mix(number, 1) % 25) : (int)(Mix(number, 1) % 22);
            var born = Today.AddDays(-age * 365 - (int)(Mix(number, 2) % 365) - 1);
            var female = place == 0 ? Mix(household, 3) % 2 == 0 : place == 1 ? Mix(household, 3) % 2 != 0 : Mix(number, 3) % 2 == 0;
            var surname = Surnames[place == 1 ? Mix(number, 4) % (uint)Surnames.Length : Mix(household, 4) % (uint)Surnames.Length];
            var name = surname + (Mix(number, 5) % 4 == 0 ? "" : FirstLetters[Mix(number, 6) % (uint)FirstLetters.Length]) + LastLetters[Mix(number, 7) % (uint)LastLetters.Length];

            return new Citizen(number, IdOf(number, born, female), name, female, born, household, TownCode(household), AddressOf(household));
        }
    }

    /// <summary>A number that hangs on the seed, a person or a household, and what it is for.</summary>
    public uint Mix(int number, int what)
    {
        var x = (ulong)(uint)number * 0x9E3779B97F4A7C15 ^ ((ulong)(uint)_seed << 32 | (uint)what) * 0xD6E8FEB86659FD93;
        x ^= x >> 32;
        x *= 0xD6E8FEB86659FD93;
        x ^= x >> 29;
        x *= 0x9E3779B97F4A7C15;
        return (uint)(x >> 32);
    }

    /// <summary>The check digit of GB 11643 (ISO 7064, MOD 11-2) behind seventeen digits.</summary>
    public static char CheckDigit(ReadOnlySpan<char> digits)
    {
        var sum = 0;
        for (var i = 0; i < 17; i++)
            sum += (digits[i] - '0') * Weights[i];
        return CheckDigits[sum % 11];
    }

    private int HouseholdSize(int household) => (Mix(household, 10) % 20) switch { < 4 => 1, < 9 => 2, < 15 => 3, < 18 => 4, < 19 => 5, _ => 6 };

    private int HouseholdOf(int number)
    {
        var at = Array.BinarySearch(_firstOf, number);
        return at >= 0 ? at : ~at - 1;
    }

    /// <summary>Region 99 01 and a pair of digits that belongs to the number, so that no two persons have the same.</summary>
    private static string IdOf(int number, DateOnly born, bool female)
    {
        var serial = number % 500 * 2 + (female ? 0 : 1);
        Span<char> digits = stackalloc char[18];
        digits[0] = digits[1] = '9';
        var region = number / 500; // four digits: up to five million people
        region.TryFormat(digits[2..6], out _, "0000", CultureInfo.InvariantCulture);
        born.TryFormat(digits[6..14], out _, "yyyyMMdd", CultureInfo.InvariantCulture);
        serial.TryFormat(digits[14..17], out _, "000", CultureInfo.InvariantCulture);
        digits[17] = CheckDigit(digits);
        return new string(digits);
    }
}
