namespace CityHub.Standards.Quality;

/// <summary>The six dimensions of GB/T 36344-2018 for the quality of data.</summary>
internal static class Dimensions
{
    public const int Normative = 0;
    public const int Complete = 1;
    public const int Accurate = 2;
    public const int Consistent = 3;
    public const int Timely = 4;
    public const int Accessible = 5;

    public static readonly string[] Names = ["normative", "complete", "accurate", "consistent", "timely", "accessible"];
    public static readonly string[] Zh = ["规范性", "完整性", "准确性", "一致性", "时效性", "可访问性"];
}
