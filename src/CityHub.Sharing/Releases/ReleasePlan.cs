using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Grains;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Releases;

/// <summary>
/// The obligations of a permit made into work on columns, once for each version of grant and dataset: row rules on raw columns, then masks, then projection. What it
/// gives is all that a question can see.
/// </summary>
internal sealed class ReleasePlan
{
    private readonly RowFilter[] _filters;
    private readonly (int From, ColumnMask Mask)[] _masks;

    private ReleasePlan(Permit permit, TableSchema released, TableSchema scanned, string[] scan, (int, ColumnMask)[] masks, RowFilter[] filters, int subject)
    {
        (Permit, Released, Scanned, Scan, _masks, _filters, Subject) = (permit, released, scanned, scan, masks, filters, subject);
        Marks = [.. released.Columns.Select((column, i) => (column.Name, (_masks[i].Mask as MarkMask)?.Mark)).Where(one => one.Mark is not null).Select(one => (one.Name, one.Mark?.Exponent ?? 0))];
    }

    /// <summary>Fields that carry the receiver's mark, and the power of ten of its unit.</summary>
    public IReadOnlyList<(string Field, int Exponent)> Marks { get; }

    public Permit Permit { get; }

    /// <summary>What leaves.</summary>
    public TableSchema Released { get; }

    /// <summary>Of the raw columns that are read, by the catalogue's types.</summary>
    public TableSchema Scanned { get; }

    /// <summary>Names of the raw columns that are read.</summary>
    public string[] Scan { get; }

    /// <summary>Index of the raw column with the person whom a row is about; −1: the rows are about nobody.</summary>
    public int Subject { get; }

    /// <summary>The person leaves as he is: then a question can name one.</summary>
    public bool SubjectIsRaw => Permit.Dataset.Subject is { } name && Released.IndexOf(name) is var at and >= 0 && _masks[at].Mask.Raw;

    /// <summary>No rule leaves out a row.</summary>
    public bool EveryRow => _filters.Length == 0;

    /// <summary>Only answers about groups leave.</summary>
    public bool GroupsOnly => SmallestGroup > 1 || Permit.Obligations.Epsilon is not null;

    public int SmallestGroup => SmallestOf(Permit.Obligations);

    /// <summary>Of answers about groups of people, whatever the grant says of rows: a group of one is a row. None where there is noise.</summary>
    public int SmallestAnswer => Permit.Obligations.Epsilon is not null ? 0 : Math.Max(SmallestGroup, Subject >= 0 ? UsualGroup : 0);

    /// <summary>Groups that are too small are left out; else the persons in them are recorded, because the receiver may have their rows, too.</summary>
    public bool HidesGroups => SmallestAnswer > 1 && (GroupsOnly || (Permit.Grant.Rights & Rights.Obtain) == 0);

    /// <summary>Where the grain is of groups and nobody said how large, five.</summary>
    public static int SmallestOf(Obligations obligations) => Math.Max(obligations.SmallestGroup, obligations.Grain.Entity >= EntityGrain.Group ? UsualGroup : 0);

    /// <summary>The dataset's key, where it leaves raw: then a row may be asked for by the index.</summary>
    public bool KeyIsRaw => Released.Key >= 0 && _masks[Released.Key].Mask.Raw;

    internal const int UsualGroup = 5;

    /// <param name="secret">Of the hub; keys of pseudonyms come from it.</param>
    /// <param name="receiver">Who gets it: under a standing grant, too, each has pseudonyms of his own.</param>
    public static ReleasePlan Of(Permit permit, string receiver, ReadOnlySpan<byte> secret, TimeSpan offset)
    {
        var (dataset, obligations) = (permit.Dataset, permit.Obligations);
        var scan = new List<DataField>();
        var columns = new List<TableColumn>();
        var masks = new List<(int, ColumnMask)>();
        var key = -1;
        byte[]? pseudonyms = null;
        foreach (var field in dataset.Fields)
        {
            if (obligations.Fields is { } fields && !fields.Contains(field.Name))
                continue;
            var kind = KindOf(field, dataset, obligations);
            if (kind == MaskKind.Pseudonym)
                pseudonyms ??= PseudonymKey(secret, permit.Grant.Id, receiver);
            var mask = kind == MaskKind.Raw && obligations.Watermark && field.Tolerance is { } tolerance
                ? new MarkMask(field.Type, new ReceiverMark(ReceiverMark.KeyOf(secret, permit.Grant.Id, receiver, field.Name), ReceiverMark.ExponentOf(field.Type, tolerance)), tolerance)
                : Of(kind, field, dataset, obligations.Grain, pseudonyms, offset);
            if (field.Name == dataset.Key && kind is MaskKind.Raw or MaskKind.Pseudonym)
                key = columns.Count;
            columns.Add(new TableColumn(field.Name, mask.To, field.Nullable || kind >= MaskKind.Partial));
            masks.Add((IndexOf(scan, field), mask));
        }

        var filters = obligations.Rows.OrderBy(rule => rule.Field, StringComparer.Ordinal).ThenBy(rule => rule.Test).Select(rule =>
            dataset.Fields.FirstOrDefault(field => field.Name == rule.Field) is { } field ? new RowFilter(IndexOf(scan, field), field.Type, rule) : new RowFilter(-1, ColumnType.Text, rule)).ToArray();
        var subject = dataset.Subject is { } name && dataset.Fields.FirstOrDefault(field => field.Name == name) is { } named ? IndexOf(scan, named) : -1;
        return new ReleasePlan(
            permit, new TableSchema(columns, key, dataset.Version), new TableSchema([.. scan.Select(field => new TableColumn(field.Name, field.Type))], -1, dataset.Version),
            [.. scan.Select(field => field.Name)], [.. masks], filters, subject);
    }

    /// <summary>The columns of a release with buffers of its own; with the person behind them, where rows have one.</summary>
    public TableSchema Working => Subject < 0 ? Released : new([.. Released.Columns, new TableColumn("\u0000subject", Scanned.Columns[Subject].Type)], Released.Key, Released.Version);

    /// <summary>Rules, masks, projection; into the buffers, or by reference where a column leaves as it is.</summary>
    public void Run(RowBatch raw, int[] rows, RowBatch into, ColumnBatch[] buffers)
    {
        var count = raw.Rows;
        if (_filters.Length > 0)
        {
            for (var i = 0; i < count; i++)
                rows[i] = i;
            foreach (var filter in _filters)
                count = filter.Keep(raw, rows.AsSpan(0, count));
        }

        var selection = new Selection(rows.AsSpan(0, _filters.Length == 0 ? 0 : count), count, _filters.Length == 0 || count == raw.Rows);
        for (var i = 0; i < _masks.Length; i++)
            into.Columns[i] = One(raw.Columns[_masks[i].From], _masks[i].Mask, selection, buffers[i]);
        if (Subject >= 0)
            into.Columns[_masks.Length] = One(raw.Columns[Subject], NoMask, selection, buffers[_masks.Length]);
        into.Rows = count;
    }

    private static readonly RawMask NoMask = new(ColumnType.Text);

    private static ColumnBatch One(ColumnBatch from, ColumnMask mask, Selection rows, ColumnBatch buffer)
    {
        if (mask.Raw && rows.All)
            return from;
        mask.Apply(from, rows, buffer);
        return buffer;
    }

    /// <summary>The mask that was granted, or the one that the grain asks of the dataset's own time and place.</summary>
    internal static MaskKind KindOf(DataField field, Dataset dataset, Obligations obligations)
    {
        var (kind, grain) = (obligations.MaskOf(field.Name), obligations.Grain);
        var rolledUp = (field.Name == dataset.Time && grain.Time > TimeGrain.Instant && field.Type is ColumnType.Date or ColumnType.Instant)
            || (grain.Space > SpaceGrain.Point && (field.Name == dataset.Area || field.Name == dataset.Longitude || field.Name == dataset.Latitude));
        if (rolledUp && kind < MaskKind.Coarse)
            kind = MaskKind.Coarse;

        // Households and groups have no single person in them: who it is does not leave, under no mask.
        return grain.Entity >= EntityGrain.Household && field.Name == dataset.Subject ? MaskKind.Hidden : kind;
    }

    private static ColumnMask Of(MaskKind kind, DataField field, Dataset dataset, Grain grain, byte[]? pseudonyms, TimeSpan offset) => kind switch
    {
        MaskKind.Raw => new RawMask(field.Type),
        MaskKind.Partial => new PartialMask(),
        MaskKind.Coarse => Coarse(field, dataset, grain, offset),
        MaskKind.Pseudonym when pseudonyms is not null => new PseudonymMask(pseudonyms),
        MaskKind.Presence => new PresenceMask(),
        _ => new HiddenMask(field.Type),
    };

    private static ColumnMask Coarse(DataField field, Dataset dataset, Grain grain, TimeSpan offset) => field.Type switch
    {
        ColumnType.Date or ColumnType.Instant => new TimeMask(field.Type, grain.Time == TimeGrain.Instant ? TimeGrain.Year : grain.Time, offset),
        ColumnType.Text when field.Name == dataset.Area => new AreaMask(grain.Space == SpaceGrain.Point ? SpaceGrain.District : grain.Space),
        ColumnType.Number when field.Name == dataset.Longitude || field.Name == dataset.Latitude => new DegreeMask(grain.Space == SpaceGrain.Point ? SpaceGrain.District : grain.Space),
        ColumnType.Integer or ColumnType.Number => new BandMask(field.Type),
        _ => new HiddenMask(field.Type), // nothing is coarser than yes or no, and no hierarchy is known of a text
    };

    private static byte[] PseudonymKey(ReadOnlySpan<byte> secret, string grant, string receiver) => HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"pseudonyms\n{grant}\n{receiver}"));

    private static int IndexOf(List<DataField> scan, DataField field)
    {
        var at = scan.FindIndex(one => one.Name == field.Name);
        if (at >= 0)
            return at;
        scan.Add(field);
        return scan.Count - 1;
    }
}
