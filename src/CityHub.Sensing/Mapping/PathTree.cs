using System.Buffers;
using System.Text;
using System.Text.Json;

namespace CityHub.Sensing.Mapping;

/// <summary>
/// All paths of a mapping as two trees, so that one pass over a payload finds every value: the tree of the payload (<c>$</c>) and the tree of a
/// reading (<c>@</c>), which begins anew wherever the <c>each</c> path ends.
/// </summary>
internal sealed class PathTree
{
    private readonly Node _payload = new();
    private readonly Node _reading = new();
    private readonly Segment[] _each;
    private readonly byte[][] _eachNames;

    /// <param name="each">Where the readings are; null: the payload is the reading.</param>
    public PathTree(JsonPath? each)
    {
        _each = each is null ? [] : [.. each.Segments];
        _eachNames = [.. _each.Select(s => Encoding.UTF8.GetBytes(s.Name))];
    }

    public int PayloadCells { get; private set; }

    public int ReadingCells { get; private set; }

    /// <summary>The paths from the reading, in the order of their cells: what a table has to find columns for.</summary>
    public List<JsonPath> ReadingPaths { get; } = [];

    /// <summary>The cell that this path fills. Without an <c>each</c> the payload is the reading.</summary>
    public CellPlace Add(JsonPath path)
    {
        var ofReading = path.FromReading || _each.Length == 0;
        var node = ofReading ? _reading : _payload;
        foreach (var segment in path.Segments)
            node = node.Child(segment);
        if (node.Cell < 0)
        {
            node.Cell = ofReading ? ReadingCells++ : PayloadCells++;
            if (ofReading)
                ReadingPaths.Add(path);
        }

        return new CellPlace(ofReading, node.Cell, path.Text);
    }

    /// <summary>Fills the cells of the payload and one row of cells for each reading.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public void Walk(ReadOnlyMemory<byte> json, Cells into)
    {
        into.Begin(PayloadCells, ReadingCells);
        var reader = new Utf8JsonReader(json.Span);
        reader.Read();
        Value(ref reader, json, into, _payload, 0, null);
        // What follows the value is not JSON either: Read says so.
        reader.Read();
    }

    private void Value(ref Utf8JsonReader reader, ReadOnlyMemory<byte> json, Cells into, Node? payload, int each, Node? reading)
    {
        var begins = each == _each.Length && each >= 0;
        if (begins)
        {
            into.BeginReading();
            (reading, each) = (_reading, -1);
        }

        var start = (int)reader.TokenStartIndex;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                Object(ref reader, json, into, payload, each, reading);
                break;
            case JsonTokenType.StartArray:
                Array(ref reader, json, into, payload, each, reading);
                break;
            case JsonTokenType.String when reader.ValueIsEscaped:
                CheckEscapes(ref reader);
                break;
            default:
                break;
        }

        if (payload is { Cell: >= 0 } || reading is { Cell: >= 0 })
        {
            var cell = CellOf(ref reader, json[start..(int)reader.BytesConsumed]);
            if (payload is { Cell: >= 0 })
                into.OfPayload(payload.Cell) = cell;
            if (reading is { Cell: >= 0 })
                into.OfReading(reading.Cell) = cell;
        }

        if (begins)
            into.EndReading();
    }

    private void Object(ref Utf8JsonReader reader, ReadOnlyMemory<byte> json, Cells into, Node? payload, int each, Node? reading)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueIsEscaped)
                CheckEscapes(ref reader);
            var nextPayload = payload?.Named(ref reader);
            var nextReading = reading?.Named(ref reader);
            var nextEach = each >= 0 && (_each[each].Kind == SegmentKind.Wildcard || (_each[each].Kind == SegmentKind.Name && reader.ValueTextEquals(_eachNames[each]))) ? each + 1 : -1;
            reader.Read();
            Value(ref reader, json, into, nextPayload, nextEach, nextReading);
        }
    }

    private void Array(ref Utf8JsonReader reader, ReadOnlyMemory<byte> json, Cells into, Node? payload, int each, Node? reading)
    {
        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            var nextEach = each >= 0 && (_each[each].Kind == SegmentKind.Wildcard || (_each[each].Kind == SegmentKind.Index && _each[each].Index == index)) ? each + 1 : -1;
            Value(ref reader, json, into, payload?.Indexed(index), nextEach, reading?.Indexed(index));
        }
    }

    private static Cell CellOf(ref Utf8JsonReader reader, ReadOnlyMemory<byte> raw) => reader.TokenType switch
    {
        JsonTokenType.Null => Cell.Null,
        JsonTokenType.True => new Cell(CellKind.True, raw),
        JsonTokenType.False => new Cell(CellKind.False, raw),
        JsonTokenType.Number => new Cell(CellKind.Number, raw),
        JsonTokenType.String => new Cell(CellKind.String, raw, reader.ValueIsEscaped),
        _ => new Cell(CellKind.Json, raw),
    };

    /// <summary>The reader lets half a surrogate pair through until somebody asks for the text; nobody shall find one in the store.</summary>
    private static void CheckEscapes(ref Utf8JsonReader reader)
    {
        var rented = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            reader.CopyString(rented);
        }
        catch (InvalidOperationException)
        {
            throw new JsonException("A string holds half of a surrogate pair.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private sealed class Node
    {
        private readonly List<(byte[] Name, Node Node)> _named = [];
        private readonly List<(int Index, Node Node)> _indexed = [];

        /// <summary>The cell that a value found here fills; -1: none.</summary>
        public int Cell { get; set; } = -1;

        public Node Child(Segment segment)
        {
            if (segment.Kind == SegmentKind.Index)
            {
                if (Indexed(segment.Index) is { } known)
                    return known;
                var node = new Node();
                _indexed.Add((segment.Index, node));
                return node;
            }

            var name = Encoding.UTF8.GetBytes(segment.Name);
            foreach (var (known, node) in _named)
                if (known.AsSpan().SequenceEqual(name))
                    return node;
            _named.Add((name, new Node()));
            return _named[^1].Node;
        }

        public Node? Named(ref Utf8JsonReader reader)
        {
            foreach (var (name, node) in _named)
                if (reader.ValueTextEquals(name))
                    return node;
            return null;
        }

        public Node? Indexed(int index)
        {
            foreach (var (at, node) in _indexed)
                if (at == index)
                    return node;
            return null;
        }
    }
}

/// <summary>Where a path's value stands after the pass.</summary>
internal readonly record struct CellPlace(bool OfReading, int Cell, string Path);

/// <summary>What one pass found: the payload's cells and a row of cells for each reading. Used again for the next payload.</summary>
internal sealed class Cells
{
    private Cell[] _payload = [];
    private Cell[] _readings = [];
    private int _readingCells;
    private int _open;

    public int Readings { get; private set; }

    public ref Cell OfPayload(int cell) => ref _payload[cell];

    /// <summary>A cell of the reading that is being read.</summary>
    public ref Cell OfReading(int cell) => ref _readings[(_open * _readingCells) + cell];

    public ref readonly Cell Of(int reading, CellPlace place) => ref place.OfReading ? ref _readings[(reading * _readingCells) + place.Cell] : ref _payload[place.Cell];

    public void Begin(int payloadCells, int readingCells)
    {
        (_readingCells, Readings, _open) = (readingCells, 0, 0);
        if (_payload.Length < payloadCells)
            _payload = new Cell[payloadCells];
    }

    public void BeginReading()
    {
        _open = Readings;
        var needed = (_open + 1) * _readingCells;
        if (_readings.Length < needed)
            System.Array.Resize(ref _readings, Math.Max(needed, _readings.Length * 2));
    }

    public void EndReading() => Readings = _open + 1;

    /// <summary>Lets go of the payload, and of what one large payload made it grow to.</summary>
    public void End()
    {
        if (_readings.Length > 4096)
            _readings = [];
        _readings.AsSpan(0, Math.Min(_readings.Length, (_open + 1) * _readingCells)).Clear();
        _payload.AsSpan().Clear();
    }
}
