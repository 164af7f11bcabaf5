using CityHub.Context.Query;

namespace CityHub.Context.Entities;

/// <summary>
/// Where every entity's point is, in cells of a hundredth of a degree. Shapes other than one point are looked at with every query.
/// A query visits the cells under its window and checks the points there on two numbers. Bench: geo1m_per_s.
/// </summary>
internal sealed class PointIndex(int name)
{
    private const double CellsPerDegree = 100;
    private const int MostCells = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<(int X, int Y), List<int>> _cells = [];
    private readonly HashSet<int> _others = [];
    private double[] _x = [];
    private double[] _y = [];

    /// <summary>The table's writer alone.</summary>
    public void Set(int slot, Entity? entity)
    {
        lock (_gate)
        {
            if (slot >= _x.Length)
            {
                var size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(slot + 1, 1024));
                var old = _x.Length;
                Array.Resize(ref _x, size);
                Array.Resize(ref _y, size);
                Array.Fill(_x, double.NaN, old, size - old);
            }

            var (x, y, other) = Read(entity);
            if (!double.IsNaN(_x[slot]) && (_x[slot] != x || _y[slot] != y))
                _cells.GetValueOrDefault(Cell(_x[slot], _y[slot]))?.Remove(slot);
            else if (!double.IsNaN(_x[slot]))
                return;
            (_x[slot], _y[slot]) = (x, y);
            if (other)
                _others.Add(slot);
            else
                _others.Remove(slot);
            if (double.IsNaN(x))
                return;
            var cell = Cell(x, y);
            if (!_cells.TryGetValue(cell, out var slots))
                _cells[cell] = slots = new List<int>(4);
            slots.Add(slot);
        }
    }

    /// <summary>
    /// The slots whose point matches, ascending, and those that must be looked at; null when the window is too wide for the index to help.
    /// </summary>
    public List<(int Slot, bool Sure)>? Find(GeoQuery query)
    {
        if (query.Window is not { } window)
            return null;
        var (left, bottom) = Cell(window.MinX, window.MinY);
        var (right, top) = Cell(window.MaxX, window.MaxY);
        if ((right - left + 1L) * (top - bottom + 1L) > MostCells)
            return null;
        var found = new List<(int Slot, bool Sure)>();
        lock (_gate)
        {
            for (var x = left; x <= right; x++)
                for (var y = bottom; y <= top; y++)
                    if (_cells.TryGetValue((x, y), out var slots))
                        foreach (var slot in slots)
                            if (query.MatchesPoint(_x[slot], _y[slot]))
                                found.Add((slot, true));
            foreach (var slot in _others)
                found.Add((slot, false));
        }

        found.Sort(static (a, b) => a.Slot.CompareTo(b.Slot));
        return found;
    }

    private static (int X, int Y) Cell(double x, double y) => ((int)Math.Floor(x * CellsPerDegree), (int)Math.Floor(y * CellsPerDegree));

    private (double X, double Y, bool Other) Read(Entity? entity)
    {
        Attribute? only = null;
        foreach (var attribute in entity?.Instances(name) ?? [])
        {
            if (attribute.Kind != AttributeKind.GeoProperty)
                continue;
            if (only is not null)
                return (double.NaN, double.NaN, true);
            only = attribute;
        }

        if (only is null)
            return (double.NaN, double.NaN, false);
        return GeoShapes.Read(only.Value) is NetTopologySuite.Geometries.Point point ? (point.X, point.Y, false) : (double.NaN, double.NaN, true);
    }
}
