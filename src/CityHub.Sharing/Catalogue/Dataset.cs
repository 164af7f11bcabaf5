using CityHub.Core.Grains;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Catalogue;

/// <summary>共享属性 (art. 14, 15).</summary>
public enum SharingClass
{
    /// <summary>无条件共享.</summary>
    Unconditional,

    /// <summary>有条件共享: scope and uses are listed.</summary>
    Conditional,

    /// <summary>不予共享: asks for a law, not a reason.</summary>
    Withheld,
}

/// <summary>共享方式.</summary>
[Flags]
public enum DeliveryModes
{
    None = 0,

    /// <summary>服务接口.</summary>
    Api = 1,

    /// <summary>批量交换.</summary>
    Batch = 2,

    /// <summary>文件下载.</summary>
    File = 4,

    Subscription = 8,

    /// <summary>核验: yes or no.</summary>
    Verify = 16,

    /// <summary>数据专区: queries come in, rows do not go out.</summary>
    Enclave = 32,

    /// <summary>联合计算 (a later room).</summary>
    Joint = 64,
}

public enum DatasetState
{
    Drafted,
    Assessed,
    Approved,
    Submitted,
    Published,
    Superseded,
    Withdrawn,
}

public enum UpdateFrequency
{
    Continuous,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Quarterly,
    Annually,
    Irregular,
}

/// <summary>分类分级, after GB/T 43697: how much harm a leak does.</summary>
public enum Sensitivity
{
    Open,
    Internal,
    Sensitive,
    Core,
}

/// <summary>数据项.</summary>
/// <param name="Element">Identifier of the data element of the standards that it follows; null: of no standard.</param>
/// <param name="LeadSource">数源部门: the one department that collects it (art. 19); null: the dataset's provider.</param>
public sealed record DataField(string Name, ColumnType Type, Words Title, string? Element = null, string? LeadSource = null)
{
    public bool Nullable { get; init; } = true;

    /// <summary>It says something about a person.</summary>
    public bool Personal { get; init; }

    public Sensitivity Sensitivity { get; init; } = Sensitivity.Internal;

    /// <summary>For a measurement: how far, in its unit, a released value may be from the one that was measured without being wrong (误差). Only within it a receiver's mark moves a value; null: it is exact and never moves.</summary>
    public double? Tolerance { get; init; }

    /// <summary>For a dataset of entities: IRI of the attribute.</summary>
    public string? Attribute { get; init; }
}

/// <summary>Where the rows are.</summary>
public enum DatasetSource
{
    /// <summary>In a table of the hub; the department delivers.</summary>
    Table,

    /// <summary>Entities of one type, in the memory of the city.</summary>
    Entities,
}

/// <summary>影响评估: for secrecy (保密审查) and for personal information (个人信息保护影响评估).</summary>
public sealed record Assessment(string Kind, string By, DateTimeOffset At, bool Passed, string Conclusion);

/// <summary>数据资源, an entry of the catalogue 政务数据目录 with the fields of art. 13. Immutable: a change makes a new version.</summary>
public sealed record Dataset
{
    /// <summary>Lower-case letters, digits and hyphens; GB/T 21063.5 gives the number in <see cref="ResourceCode"/>.</summary>
    public required string Id { get; init; }

    public string? ResourceCode { get; init; }

    public required int Version { get; init; }

    public required string Provider { get; init; }

    public required Words Title { get; init; }

    public required Words Abstract { get; init; }

    public required IReadOnlyList<DataField> Fields { get; init; }

    public required SharingClass Class { get; init; }

    public required DeliveryModes Modes { get; init; }

    /// <summary>使用条件; for a conditional one its scope and its uses.</summary>
    public string Conditions { get; init; } = "";

    /// <summary>依据: for what is withheld the law and its article, else the entry is refused (art. 15).</summary>
    public string LegalBasis { get; init; } = "";

    public string Format { get; init; } = "table";

    public required UpdateFrequency Frequency { get; init; }

    public Sensitivity Sensitivity { get; init; } = Sensitivity.Internal;

    /// <summary>主题分类.</summary>
    public IReadOnlyList<string> Themes { get; init; } = [];

    public IReadOnlyList<string> Keywords { get; init; } = [];

    public Grain Grain { get; init; }

    public DatasetSource Source { get; init; } = DatasetSource.Table;

    /// <summary>For entities: IRI of the type, and the tenant.</summary>
    public string? EntityType { get; init; }

    public string Tenant { get; init; } = "";

    /// <summary>Name of the field that names a row.</summary>
    public string? Key { get; init; }

    /// <summary>Name of the field that names the person whom a row is about (本人): accesses are shown to him.</summary>
    public string? Subject { get; init; }

    /// <summary>Name of the field with the administrative code of a row: areas, flow-back.</summary>
    public string? Area { get; init; }

    /// <summary>Name of the field with the time of a row: periods.</summary>
    public string? Time { get; init; }

    /// <summary>Names of the fields with longitude and latitude, degrees.</summary>
    public string? Longitude { get; init; }

    public string? Latitude { get; init; }

    /// <summary>Kept encrypted under the provider's key, and out of everybody's sight who has no grant.</summary>
    public bool Protected { get; init; }

    /// <summary>Open to the public; then it has a licence.</summary>
    public bool Open { get; init; }

    /// <summary>IRI.</summary>
    public string? Licence { get; init; }

    /// <summary>Name of the quality rules in the standards.</summary>
    public string? QualityRules { get; init; }

    public IReadOnlyList<Assessment> Assessments { get; init; } = [];

    public DatasetState State { get; init; } = DatasetState.Drafted;

    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Null while nobody has published it.</summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>Names of the datasets that it was made from: it inherits their strictest rules.</summary>
    public IReadOnlyList<string> DerivedFrom { get; init; } = [];

    /// <summary>What binds every release of it, and of what is made from it, whatever a grant says.</summary>
    public Obligations Obligations { get; init; } = Obligations.Nothing;

    public TableSchema Schema() => new([.. Fields.Select(f => new TableColumn(f.Name, f.Type, f.Nullable))], Key is null ? -1 : Fields.TakeWhile(f => f.Name != Key).Count(), Version);
}

/// <summary>The catalogue as a decision sees it.</summary>
public interface ICatalogue
{
    /// <summary>The newest published version, or the newest of all where none is; null: there is no such dataset.</summary>
    Dataset? Find(string id);

    /// <summary>The published dataset of entities of this type; null: none, the type is nobody's.</summary>
    Dataset? OfType(string tenant, string entityType);

    IEnumerable<Dataset> Published { get; }

    /// <summary>On the negative list (负面清单): nobody is granted anything of it, whatever a grant says.</summary>
    bool IsNegative(string dataset);

    /// <summary>Counts changes; who compiled something against a lower number compiles again.</summary>
    long Version { get; }
}
