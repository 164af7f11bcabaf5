namespace CityHub.Privacy;

/// <summary>The families of techniques of GB/T 37964-2019, annex A; anatomisation is in ISO/IEC 20889 alone, and tracing is of neither.</summary>
public enum TransformFamily
{
    /// <summary>统计技术</summary>
    Statistics,

    /// <summary>密码技术</summary>
    Cryptography,

    /// <summary>抑制技术</summary>
    Suppression,

    /// <summary>假名化技术</summary>
    Pseudonymisation,

    /// <summary>解耦技术</summary>
    Anatomisation,

    /// <summary>泛化技术</summary>
    Generalisation,

    /// <summary>随机化技术</summary>
    Randomisation,

    /// <summary>数据合成技术</summary>
    Synthesis,

    /// <summary>溯源技术</summary>
    Tracing,
}

/// <summary>A technique of the standard and what is here for it.</summary>
/// <param name="Kind">The word of the transform in a scheme; null where it is not one of this library, and <paramref name="Note"/> says where it is.</param>
/// <param name="Reversible">Whether the holder of the key or table gets the values back.</param>
/// <param name="Keeps">Which utility is kept.</param>
public sealed record TransformEntry(TransformFamily Family, string? Kind, string Chinese, string English, bool Reversible, string Keeps, string KeepsChinese, string? Note = null);

/// <summary>All techniques, in the order of GB/T 37964: what a privacy officer chooses from, and what a report says about a transform.</summary>
public static class TransformCatalogue
{
    public static IReadOnlyList<TransformEntry> All { get; } =
    [
        new(TransformFamily.Statistics, Sample.Word, "数据抽样", "sampling, simple or stratified", false, "true rows, distributions up to sampling error", "真实记录；分布（含抽样误差）"),
        new(TransformFamily.Statistics, Aggregate.Word, "数据聚合（小单元规则）", "aggregation with small-cell rules", false, "counts, sums and means of groups", "分组计数、合计与均值"),

        new(TransformFamily.Cryptography, DeterministicEncryption.Word, "确定性加密", "deterministic encryption", true, "equality, joins within a scope", "相等性；同一范围内的关联"),
        new(TransformFamily.Cryptography, OrderPreserving.Word, "保序加密", "order-preserving encryption", true, "order, ranges, equality", "顺序、区间查询、相等性"),
        new(TransformFamily.Cryptography, FormatPreserving.Word, "保留格式加密", "format-preserving encryption FF1", true, "length and alphabet, equality, joins within a scope", "长度与字符集；相等性；同一范围内的关联"),
        new(TransformFamily.Cryptography, IdNumberEncryption.Word, "保留格式加密（居民身份证号）", "format-preserving encryption of ID numbers", true, "length, a right check digit, equality; region, birth and sex where asked for", "长度、校验码、相等性；可选保留地区、出生、性别"),
        new(TransformFamily.Cryptography, KeyedHash.Word, "带密钥散列", "keyed hash", false, "equality, joins between holders of the key", "相等性；持钥方之间的关联"),
        new(TransformFamily.Cryptography, null, "同态加密", "homomorphic encryption", true, "sums without the values", "不见数值的求和", "Belongs to the Joint room, where several parties compute together; no transform of a table."),
        new(TransformFamily.Cryptography, null, "同态秘密共享", "homomorphic secret sharing", true, "joint computation without the values", "不见数值的联合计算", "Belongs to the Joint room, where several parties compute together; no transform of a table."),

        new(TransformFamily.Suppression, Mask.Word, "屏蔽", "masking by pattern", false, "the shape of a text, its first and last characters where asked for", "文本形态；可选保留首尾字符"),
        new(TransformFamily.Suppression, SuppressCells.Word, "局部抑制", "cell suppression", false, "all other cells", "其余单元格"),
        new(TransformFamily.Suppression, SuppressRare.Word, "局部抑制（罕见值）", "suppression of rare combinations", false, "frequent values and combinations", "常见取值与组合"),
        new(TransformFamily.Suppression, SuppressRecords.Word, "记录抑制", "record suppression", false, "all other rows", "其余记录"),
        new(TransformFamily.Suppression, SuppressColumns.Word, "属性抑制", "attribute suppression", false, "all other columns", "其余属性"),

        new(TransformFamily.Pseudonymisation, KeyedPseudonym.Word, "基于密码技术的假名", "keyed pseudonyms, scoped", false, "one person the same in all tables of a release", "同一次发布各表间的同一性"),
        new(TransformFamily.Pseudonymisation, RandomPseudonym.Word, "基于映射表的随机假名", "random pseudonyms from a table", true, "one person the same wherever the table is used", "共用映射表范围内的同一性"),

        new(TransformFamily.Anatomisation, Anatomise.Word, "解耦", "anatomisation", false, "exact quasi-identifiers, distribution of sensitive values in groups", "准标识符原值；组内敏感值分布"),

        new(TransformFamily.Generalisation, RoundNumbers.Word, "取整", "rounding", false, "numbers to a step, sums nearly", "按步长的数值；近似合计"),
        new(TransformFamily.Generalisation, TopBottomCode.Word, "顶层与底层编码", "top and bottom coding", false, "numbers within the bounds, order", "界内数值、顺序"),
        new(TransformFamily.Generalisation, CombineColumns.Word, "属性合并", "combining attributes", false, "combinations of the values", "取值组合"),
        new(TransformFamily.Generalisation, GeneraliseRare.Word, "局部泛化", "local generalisation", false, "frequent values exactly, rare ones coarsely", "常见值精确、罕见值粗化"),
        new(TransformFamily.Generalisation, Generalise.Word, "层级泛化", "generalisation by hierarchy", false, "groups of a hierarchy, counts of them", "层级分组及其计数"),

        new(TransformFamily.Randomisation, AddNoise.Word, "噪声添加", "noise on a grid", false, "means and sums, nearly", "近似均值与合计"),
        new(TransformFamily.Randomisation, Permute.Word, "置换", "permutation within groups", false, "distributions in each group exactly", "各组内分布（精确）"),
        new(TransformFamily.Randomisation, Swap.Word, "数据交换", "swapping of a share of rows", false, "distributions in each group exactly, most rows", "各组内分布（精确）；多数记录"),
        new(TransformFamily.Randomisation, RankSwap.Word, "秩交换", "rank swapping", false, "the distribution exactly, correlations nearly", "分布（精确）；近似相关性"),
        new(TransformFamily.Randomisation, Microaggregate.Word, "微聚集", "microaggregation", false, "means exactly up to rounding, correlations nearly", "均值（舍入内精确）；近似相关性"),

        new(TransformFamily.Synthesis, Synthesise.Word, "数据合成", "synthetic data from noisy marginals", false, "distributions and pairwise dependencies along a tree, nearly", "近似分布与树状两两依赖"),

        new(TransformFamily.Tracing, Watermark.Word, "接收方水印", "recipient watermark and canary rows", false, "all values within their tolerance", "容差内的全部取值"),
    ];

    /// <summary>The entry of a transform's word.</summary>
    public static TransformEntry Of(string kind) => All.FirstOrDefault(entry => string.Equals(entry.Kind, kind, StringComparison.Ordinal)) ?? throw new ArgumentException($"There is no transform {kind}.", nameof(kind));
}
